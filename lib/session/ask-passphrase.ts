import { basename } from "node:path";
import { explain } from "../failure/explain.js";
import { capture } from "../host/process.js";
import { fail, ok, type Result } from "../failure/result.js";
import type { Secret } from "../host/secret.js";
import { openVault } from "../vault/open-vault.js";
import {
  newPassphrase,
  readPassphrase,
  type Passphrase,
  type PassphraseContext,
} from "../vault/read-passphrase.js";
import { openLocal } from "./open-local.js";
import type { StepContext } from "./step.js";

const tries = 3;

/**
 * Opens something with the passphrase this run knows, or asks for it: three times on a terminal, once from any other
 * source. Keeps one that worked for the rest of the run. Failures: `wrong-passphrase`, and those of asking.
 */
export async function withPassphrase<T>(
  context: StepContext,
  question: string,
  open: (passphrase: Secret) => Promise<Result<T>>,
): Promise<Result<T>> {
  const { session, terminal } = context;
  if (session.passphrase.known !== undefined) {
    const opened = await open(session.passphrase.known);
    if (opened.ok || opened.failure.kind !== "wrong-passphrase" || !terminal.interactive) return opened;
    terminal.warn("This vault has a different passphrase.");
  }
  const shared = session.passphrase.known === undefined ? await fromOtherSessions(context) : undefined;
  if (shared !== undefined) {
    const opened = await open(shared.secret);
    if (opened.ok) {
      session.passphrase.keep(shared.secret);
      return opened;
    }
    shared.secret.wipe();
    if (opened.failure.kind !== "wrong-passphrase") return opened;
  }
  for (let attempt = 1; ; attempt += 1) {
    const offered = session.passphrase.takeOffered();
    const given = offered === undefined ? await readPassphrase(sourcesOf(context), question) : ok(offered);
    if (!given.ok) return given;
    const opened = await open(given.value.secret);
    if (opened.ok) {
      session.passphrase.keep(given.value.secret);
      return opened;
    }
    given.value.secret.wipe();
    if (opened.failure.kind !== "wrong-passphrase") return opened;
    if (!given.value.asked || attempt === tries) return fail({ ...opened.failure, tries: attempt });
    const wrong = opened.failure.isOld === true ? explain(opened.failure).message : "Wrong passphrase.";
    terminal.warn(`${wrong} ${tries - attempt} more ${tries - attempt === 1 ? "try" : "tries"}.`);
  }
}

/** Asks other open sessions, unless another source was named. */
async function fromOtherSessions(context: StepContext): Promise<Passphrase | undefined> {
  if (
    context.session.passphrase.isGiven ||
    Object.values(sourcesOf(context).sources).some((source) => source !== undefined)
  )
    return undefined;
  const { askOtherSessions } = await import("./passphrase-sharing.js");
  return askOtherSessions(context.project);
}

/** Returns the passphrase in the file that an option or TAZPOD_PASSPHRASE_FILE names, without a word; undefined if there is none. */
export async function passphraseInFile(context: StepContext): Promise<Passphrase | undefined> {
  const { sources, ...rest } = sourcesOf(context);
  const { file, environmentFile } = sources;
  if ((file ?? environmentFile) === undefined) return undefined;
  const given = await readPassphrase({ ...rest, sources: { file, environmentFile } }, "");
  return given.ok ? given.value : undefined;
}

/** Asks for the passphrase and starts to derive its key. Whether it is right shows when the vault is opened. */
export async function offerPassphrase(context: StepContext, question: string): Promise<Result<void>> {
  const { session, project } = context;
  if (session.passphrase.isGiven) return ok(undefined);
  const shared = await fromOtherSessions(context);
  const given = shared === undefined ? await readPassphrase(sourcesOf(context), question) : ok(shared);
  if (!given.ok) return given;
  session.passphrase.offer(given.value);
  void openVault(project.vaultFile, given.value.secret).then(
    (opened) => opened.ok && opened.value.tar.destroy(),
    () => undefined,
  );
  return ok(undefined);
}

/**
 * Returns the passphrase of another vault: the known one if it opens that, else one typed by the user, three times at
 * most. The caller wipes it. Failures: `wrong-passphrase`, and those of opening and asking.
 */
export async function otherPassphrase(
  { terminal, signal }: StepContext,
  known: Secret,
  path: string,
  question: string,
): Promise<Result<Secret>> {
  let passphrase = known;
  for (let attempt = 0; ; attempt += 1) {
    const opened = await openVault(path, passphrase);
    if (opened.ok) {
      opened.value.tar.destroy();
      return ok(passphrase);
    }
    if (passphrase !== known) passphrase.wipe();
    if (opened.failure.kind !== "wrong-passphrase" || attempt === tries || !terminal.interactive)
      return opened;
    terminal.warn(attempt === 0 ? "It has a different passphrase." : "Wrong passphrase.");
    const typed = await terminal.secret(question, signal);
    if (!typed.ok) return typed;
    passphrase = typed.value;
  }
}

/** Returns the passphrase of the local vault, after opening it once. */
export function provenPassphrase(context: StepContext, question: string): Promise<Result<Secret>> {
  return withPassphrase(context, question, async (passphrase) => {
    const opened = await openLocal(
      context,
      () => openVault(context.project.vaultFile, passphrase),
      passphrase,
    );
    if (!opened.ok) return opened;
    opened.value.tar.destroy();
    return ok(passphrase);
  });
}

/** Returns the passphrase for a new vault, and keeps it for the rest of the run. --new-passphrase-file counts first. */
export async function choosePassphrase(context: StepContext): Promise<Result<Secret>> {
  const given = await newPassphrase({ ...sourcesOf(context), ...newPassphraseSource(context) });
  if (!given.ok) return given;
  context.session.passphrase.keep(given.value.secret);
  return ok(given.value.secret);
}

/** Returns the new passphrase: from --new-passphrase-file, or typed twice. */
export async function newPassphraseForVault(context: StepContext): Promise<Result<Secret>> {
  const given = await newPassphrase(
    { ...sourcesOf(context), sources: {}, ...newPassphraseSource(context) },
    "New passphrase of the vault",
    "--new-passphrase-file",
  );
  return given.ok ? ok(given.value.secret) : given;
}

function newPassphraseSource({ options }: StepContext): Partial<Pick<PassphraseContext, "sources">> {
  const { newPassphraseFile: file } = options;
  return file === undefined ? {} : { sources: { file, fileOption: "--new-passphrase-file" } };
}

function sourcesOf({ options, terminal, signal, graceMs, project }: StepContext): PassphraseContext {
  const { passphraseFd: fd, passphraseFile: file, passphraseCommand: command } = options;
  const environmentFile = process.env["TAZPOD_PASSPHRASE_FILE"];
  return {
    sources: {
      fd,
      file,
      command,
      environmentFile,
    },
    asker: {
      interactive: terminal.interactive,
      secret: (question) => terminal.secret(question, signal),
      say: (text) => terminal.warn(text),
      reveal: (text, work) => terminal.reveal(text, work),
    },
    known: ["tazpod", basename(project.root), project.config.containerName, project.config.user],
    run: async (argv) => {
      const done = await capture(argv, { cwd: project.root, signal, graceMs, timeoutMs: 120_000 });
      if (!done.ok) return done;
      if (done.value.code === 0) return ok(done.value.stdout);
      return fail({
        kind: "command-failed",
        command: argv.slice(0, 1),
        code: done.value.code,
        detail: done.value.stderr,
      });
    },
  };
}
