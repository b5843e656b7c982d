import { readBytes, readDescriptor, stat } from "../host/files.js";
import { fail, ok, type Result } from "../failure/result.js";
import { Secret } from "../host/secret.js";
import { splitCommand } from "./split-command.js";
import { generatePassphrase, estimateStrength, strengthText } from "./passphrase-strength.js";

/** The sources of a passphrase. The first one given is used; without any, the user is asked. */
export interface PassphraseSources {
  /** --passphrase-fd */
  readonly fd?: number;
  /** --passphrase-file */
  readonly file?: string;
  /** The option that named the file, when it was another one. */
  readonly fileOption?: string;
  /** --passphrase-command, one string, split without a shell. */
  readonly command?: string;
  /** TAZPOD_PASSPHRASE_FILE */
  readonly environmentFile?: string;
}

/** Asks the user for a passphrase. */
export interface SecretAsker {
  /** Whether the user can be asked. */
  readonly interactive: boolean;
  /** Asks with echo off; keys typed before the question are discarded. */
  secret(question: string): Promise<Result<Secret>>;
  say(text: string): void;
  /** Shows the text while `work` runs, then removes it. */
  reveal<T>(text: string, work: () => Promise<T>): Promise<T>;
}

/** Where a passphrase is read from, and who is asked. */
export interface PassphraseContext {
  readonly sources: PassphraseSources;
  readonly asker: SecretAsker;
  /** Runs a program, which may use the terminal, and returns its stdout. */
  readonly run: (argv: readonly string[]) => Promise<Result<Buffer>>;
  /** Words that add no strength, such as the project's name. */
  readonly known: readonly string[];
}

/** A passphrase and its source. */
export interface Passphrase {
  readonly secret: Secret;
  /** The source for messages: "the file /run/p". */
  readonly source: string;
  /** The user typed it, so it can be asked again. */
  readonly asked: boolean;
}

const byteOrderMark = Buffer.from("efbbbf", "hex");
const limitBytes = 64 * 1024;
const tries = 3;

/**
 * Reads the passphrase of an existing vault. Bytes are used as they are, except for one newline at the end of a file,
 * descriptor or command output. Failures: `passphrase-unusable` (empty, or a file that others can read),
 * `answer-needed` without a terminal, `usage`, `file`, and those of `run` and the asker.
 */
export async function readPassphrase(
  context: PassphraseContext,
  question = "Passphrase of the vault:",
): Promise<Result<Passphrase>> {
  const given = await fromSources(context);
  if (given !== undefined) return given;
  const typed = await ask(context.asker, question);
  if (!typed.ok) return typed;
  return typed.value.length === 0 ? unusable("the terminal", "it is empty") : asked(typed.value);
}

/**
 * Reads a new passphrase: from the sources, or typed twice, or generated and typed back; never empty. Allows three
 * tries. Shows its strength; rejecting a weak one is up to the user.
 */
export async function newPassphrase(
  context: PassphraseContext,
  question = "Passphrase for the new vault",
  flag = "--passphrase-file",
): Promise<Result<Passphrase>> {
  const { asker, known } = context;
  const given = await fromSources(context);
  if (given !== undefined) {
    if (given.ok) await warnOfWeak(given.value, context);
    if (given.ok) warnOfUntypable(given.value, context);
    return given;
  }
  const full = `${question} (Enter generates one):`;
  let detail = "";
  for (let count = 0; count < tries; count++) {
    const first = await ask(asker, detail === "" ? full : `${detail}. ${full}`, flag);
    if (!first.ok) return first;
    const again =
      first.value.length === 0 ? await generateAndConfirm(asker) : await confirm(asker, first.value, known);
    if (!again.ok) return again;
    if (again.value !== undefined) return asked(again.value);
    detail = "The two passphrases differ";
  }
  return unusable("the terminal", `no passphrase after ${tries} tries`);
}

/** Returns the passphrase once it was repeated; undefined when the repetition differs. */
async function confirm(
  asker: SecretAsker,
  first: Secret,
  known: readonly string[],
): Promise<Result<Secret | undefined>> {
  const strength = await estimateStrength(first, known);
  asker.say(`Strength: ${strengthText(strength)}.`);
  const anyway = strength.word === "very weak" ? " to use it anyway" : "";
  const second = await ask(asker, `Repeat it${anyway} (Enter to choose another):`);
  if (!second.ok) return (first.wipe(), second);
  const same = first.equals(second.value);
  second.value.wipe();
  if (same) return ok(first);
  first.wipe();
  return ok(undefined);
}

/** Generates a passphrase and returns it once the user has typed it back. */
async function generateAndConfirm(asker: SecretAsker): Promise<Result<Secret | undefined>> {
  const secret = await generatePassphrase();
  const shown = secret.use((bytes) => bytes.toString("utf8"));
  return asker.reveal(
    `Your passphrase, shown only this once. Store it in a safe place:\n\n    ${shown}\n`,
    async () => {
      for (let count = 0; count < tries; count++) {
        const typed = await ask(asker, count === 0 ? "Type it:" : "That does not match. Type it:");
        if (!typed.ok) return (secret.wipe(), typed);
        const same = secret.equals(typed.value);
        typed.value.wipe();
        if (same) return ok(secret);
      }
      secret.wipe();
      return ok(undefined);
    },
  );
}

async function warnOfWeak(
  { secret, source }: Passphrase,
  { asker, known }: PassphraseContext,
): Promise<void> {
  const strength = await estimateStrength(secret, known);
  if (strength.word === "weak" || strength.word === "very weak")
    asker.say(`The passphrase from ${source} is ${strengthText(strength)}.`);
}

/** Warns of bytes that editors add to files: they are part of the passphrase, but cannot be typed. */
function warnOfUntypable({ secret, source }: Passphrase, { asker }: PassphraseContext): void {
  const found = secret.use((bytes) => untypable.filter(({ is }) => is(bytes)).map(({ what }) => what));
  if (found.length > 0)
    asker.say(
      `The passphrase from ${source} ${found.join(" and ")}. This is part of the passphrase, so the vault cannot be opened by typing it. Remove it, unless only this file will open the vault.`,
    );
}

const untypable = [
  {
    what: "begins with a byte order mark",
    is: (bytes: Buffer) => bytes.subarray(0, 3).equals(byteOrderMark),
  },
  { what: "ends with a carriage return (a Windows line end)", is: (bytes: Buffer) => bytes.at(-1) === 0x0d },
  { what: "has more than one line", is: (bytes: Buffer) => bytes.includes(0x0a) },
] as const;

function asked(secret: Secret): Result<Passphrase> {
  return ok({ secret, source: "the terminal", asked: true });
}

async function ask(
  asker: SecretAsker,
  question: string,
  flag = "--passphrase-file",
): Promise<Result<Secret>> {
  if (asker.interactive) return asker.secret(question);
  return fail({ kind: "answer-needed", question, flag });
}

async function fromSources({ sources, run }: PassphraseContext): Promise<Result<Passphrase> | undefined> {
  if (sources.fd !== undefined) return fromDescriptor(sources.fd);
  if (sources.file !== undefined) return fromFile(sources.file, sources.fileOption ?? "--passphrase-file");
  if (sources.command !== undefined) return fromCommand(sources.command, run);
  if (sources.environmentFile !== undefined)
    return fromFile(sources.environmentFile, "TAZPOD_PASSPHRASE_FILE");
  return undefined;
}

async function fromDescriptor(fd: number): Promise<Result<Passphrase>> {
  const source = `--passphrase-fd ${fd}`;
  const bytes = await readDescriptor(fd, limitBytes);
  return bytes.ok ? usable(bytes.value, source) : bytes;
}

/**
 * Returns why a passphrase file is rejected; undefined when it is accepted. Does not read its content. Failure: `file`.
 */
export async function unusableFile(path: string): Promise<Result<string | undefined>> {
  const found = await stat(path);
  if (!found.ok) return found;
  if (found.value === undefined) return ok("there is no such file");
  const { kind, mode, bytes } = found.value;
  if (kind !== "file") return ok("it is not a regular file; use --passphrase-fd for a pipe");
  if ((mode & 0o077) !== 0)
    return ok(`others can read it (mode ${mode.toString(8).padStart(4, "0")}); set it with chmod 600`);
  return ok(bytes > limitBytes ? `it has more than ${limitBytes} bytes` : undefined);
}

async function fromFile(path: string, given: string): Promise<Result<Passphrase>> {
  const source = `${path} (${given})`;
  const why = await unusableFile(path);
  if (!why.ok) return why;
  if (why.value !== undefined) return unusable(source, why.value);
  const read = await readBytes(path);
  if (!read.ok) return read;
  return read.value === undefined ? unusable(source, "there is no such file") : usable(read.value, source);
}

async function fromCommand(command: string, run: PassphraseContext["run"]): Promise<Result<Passphrase>> {
  const argv = splitCommand(command);
  if (!argv.ok) return argv;
  const output = await run(argv.value);
  return output.ok ? usable(output.value, `the command ${argv.value[0]}`) : output;
}

function usable(bytes: Buffer, source: string): Result<Passphrase> {
  const end = bytes.at(-1) === 0x0a ? bytes.length - 1 : bytes.length;
  if (end === 0) return unusable(source, "it is empty");
  const secret = Secret.of(Buffer.from(bytes.subarray(0, end)));
  bytes.fill(0);
  return ok({ secret, source, asked: false });
}

function unusable(source: string, detail: string): Result<never> {
  return fail({ kind: "passphrase-unusable", source, detail });
}
