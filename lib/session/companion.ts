import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { sleep } from "../host/clock.js";
import { waitUntilIdle } from "../host/idle.js";
import { otherSessions } from "../project/sessions.js";
import type { Project } from "../project/project.js";
import type { Passphrase } from "../vault/read-passphrase.js";
import type { StepContext } from "./step.js";

export interface ShellCompanion {
  /** Stops everything and prints what the user has to know. Returns whether the shell was ended because it was idle. */
  stop(): Promise<boolean>;
}

/** Delay after the start of the shell, which goes first, in ms. */
const delayMs = 300;

/** Starts what runs next to a shell: autosave, passphrase sharing, requests and the idle limit. `end` ends the shell. */
export function startCompanion(
  context: StepContext,
  secrets: SecretsFolder,
  open: boolean,
  end: () => Promise<void>,
): ShellCompanion {
  const over = new AbortController();
  const { idleMs } = context.project.config.session;
  let wasIdle = false;
  const tending = startAutosave(context, secrets, open, over.signal);
  const endIdle = async (): Promise<void> => {
    wasIdle = idleMs > 0 && (await waitUntilIdle(idleMs, over.signal));
    if (wasIdle) await end();
  };
  const ending = endIdle();
  return {
    async stop() {
      over.abort();
      const [problem] = await Promise.all([tending, ending]);
      const { session, terminal } = context;
      for (const text of [problem, session.strays.takeMessage()])
        if (text !== undefined) terminal.print(text);
      if (wasIdle) context.terminal.warn(`The shell was ended after ${formatMinutes(idleMs)} without input.`);
      return wasIdle;
    },
  };
}

async function startAutosave(
  context: StepContext,
  secrets: SecretsFolder,
  open: boolean,
  over: AbortSignal,
): Promise<string | undefined> {
  if (!open) return undefined;
  // ask at once: the session that knows it may be about to end
  const isKnown = context.session.passphrase.known !== undefined;
  const serving = isKnown
    ? import("./passphrase-sharing.js").then(({ servePassphrase }) => servePassphrase(context))
    : undefined;
  const given = isKnown ? undefined : fromOtherSessions(context, over);
  await sleep(delayMs, over);
  const passphrase = await given;
  if (passphrase !== undefined) context.session.passphrase.offer(passphrase);
  if (over.aborted) {
    const served = await serving;
    if (served?.ok === true) await served.value();
    return undefined;
  }
  const [{ autosaveWhileOpen }, { serveRequests }, { passphraseInFile }] = await Promise.all([
    import("./autosave.js"),
    import("./serve-requests.js"),
    import("./ask-passphrase.js"),
  ]);
  const inFile = context.session.passphrase.isGiven ? undefined : await passphraseInFile(context);
  if (inFile !== undefined) context.session.passphrase.offer(inFile);
  const [problem] = await Promise.all([
    autosaveWhileOpen(context, secrets, over, serving),
    serveRequests(context, secrets, over),
  ]);
  return problem;
}

/** Retries, because a session that has just opened its shell does not share it yet. */
async function fromOtherSessions(
  { project }: StepContext,
  over: AbortSignal,
): Promise<Passphrase | undefined> {
  const { askOtherSessions } = await import("./passphrase-sharing.js");
  for (let tries = 0; ; tries += 1) {
    const given = await askOtherSessions(project);
    if (given !== undefined || tries === 10 || over.aborted || (await isAlone(project))) return given;
    await sleep(delayMs / 2, over);
  }
}

async function isAlone({ vaultFolder }: Project): Promise<boolean> {
  const others = await otherSessions(vaultFolder);
  return !others.ok || others.value.length === 0;
}

function formatMinutes(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} s`;
}
