import { startWatcher } from "../secrets-folder/watcher.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import { markSaved, markUnsaved } from "../secrets-folder/open-record.js";
import { explain, failureText } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { now, sleep, steadyTime } from "../host/clock.js";
import { printInShell } from "../host/screen.js";
import { withProjectLock } from "../project/project-lock.js";
import { fail, ok, type Result } from "../failure/result.js";
import { prepareSalt } from "../vault/age/passphrase-stanza.js";
import { openVault } from "../vault/open-vault.js";
import { isOffline } from "./staleness.js";
import { askOtherSessions, servePassphrase } from "./passphrase-sharing.js";
import { pushVault } from "./push-vault.js";
import { describeLeftOut, saveVault, vaultSaved } from "./save-vault.js";
import type { StepContext } from "./step.js";
import { formatOf } from "./tampered.js";

/** Delay before a watcher that ended is started again, for example after the engine was restarted, in ms. */
const restartMs = 5_000;
/** Delay before a failed save is tried again if nothing changes before, in ms. */
const retryMs = 60_000;
/** How often the watcher is told again that everything is saved, in ms: a newly opened shell makes it forget. */
const remindMs = 60_000;

/**
 * Runs while a shell has the vault open, until `over` aborts: shares the passphrase with other tazpods here, and seals
 * changes to disk. A save starts once nothing has changed for a quarter of `autosave` (five seconds at most), and at
 * the latest six tenths of `autosave` after the first change. The terminal is the shell's, so only what could not be
 * saved is printed, once. Returns a message about it, if any.
 */
export async function autosaveWhileOpen(
  context: StepContext,
  secrets: SecretsFolder,
  over: AbortSignal,
  begun?: ReturnType<typeof servePassphrase>,
): Promise<string | undefined> {
  const tending = new AutosaveLoop(context, secrets, over);
  await tending.learnPassphrase();
  const serving = await (begun ?? servePassphrase(context));
  await sleep(1_000, over);
  while (!over.aborted && !tending.closed) {
    await tending.runWatcher();
    await sleep(restartMs, over);
  }
  if (serving.ok) await serving.value();
  return tending.problem;
}

class AutosaveLoop {
  /** The vault was closed, or its container is gone. */
  closed = false;
  readonly #context: StepContext;
  readonly #secrets: SecretsFolder;
  readonly #over: AbortSignal;
  /** State of the RAM folder as the watcher reports it, now and when it was last saved. */
  #here = "";
  #saved = "";
  /** When the first unsaved change was seen, and when the next save is due, in ms of `steadyTime`. */
  #first: number | undefined;
  #due: number | undefined;
  #failed: { readonly failure: Failure; readonly at: Date } | undefined;
  /** What the last save left out, and what the user was told while the shell was open. */
  #leftOut: readonly string[] = [];
  #told = "";
  #wake: () => void = () => undefined;

  constructor(context: StepContext, secrets: SecretsFolder, over: AbortSignal) {
    this.#context = context;
    this.#secrets = secrets;
    this.#over = over;
  }

  get problem(): string | undefined {
    if (this.#failed === undefined)
      return this.#leftOut.length > 0 ? describeLeftOut(this.#leftOut) : undefined;
    const { failure, at } = this.#failed;
    return `Some changes could not be saved while the shell was open (last tried at ${at.toTimeString().slice(0, 5)}): ${failureText(failure)}`;
  }

  /**
   * Gets the passphrase that was offered, or that another session has, if this run does not know it. One that does not
   * open the vault is discarded.
   */
  async learnPassphrase(): Promise<void> {
    const { session, project } = this.#context;
    if (session.passphrase.known !== undefined) return;
    const given = (session.passphrase.takeOffered() ?? (await askOtherSessions(project)))?.secret;
    if (given === undefined) return;
    const opened = await openVault(project.vaultFile, given);
    if (!opened.ok) return given.wipe();
    opened.value.tar.destroy();
    session.passphrase.keep(given);
  }

  /** Runs one watcher until it ends. */
  async runWatcher(): Promise<void> {
    const { autosaveMs, unattendedMs } = this.#context.project.config.session;
    const ended = new AbortController();
    const guard = startWatcher(this.#secrets, {
      intervalSeconds: autosaveMs > 0 && autosaveMs < 10_000 ? 1 : 2,
      graceSeconds: Math.ceil(unattendedMs / 1000),
      onChange: (look) => this.#changed(look),
    });
    const stop = (): void => (guard.end(), this.#wake());
    this.#over.addEventListener("abort", stop, { once: true });
    void guard.ended.then(() => (ended.abort(), this.#wake()));
    this.#here = "";
    while (!ended.signal.aborted && !this.#over.aborted && !this.closed) {
      await this.#pause();
      if (this.#over.aborted) break;
      if (this.#due !== undefined && steadyTime() >= this.#due) await this.#settle();
      if (this.#due === undefined && this.#here !== "" && this.#here === this.#saved) guard.saved(this.#here);
    }
    this.#over.removeEventListener("abort", stop);
    guard.end();
  }

  /** Schedules a save. The first report is saved at once: something may have changed before the watcher started. */
  #changed(look: string): void {
    const { autosaveMs } = this.#context.project.config.session;
    const time = steadyTime();
    const isFirst = this.#here === "";
    this.#here = look;
    if (!isFirst) {
      void markUnsaved(this.#context.project.vaultFolder);
      void this.#prepareSave();
    }
    this.#first ??= time;
    this.#due = isFirst
      ? time
      : Math.min(time + Math.min(5_000, autosaveMs / 4), this.#first + autosaveMs * 0.6);
    this.#wake();
  }

  /** Derives a key for the next save, also that at the end of the session, which would have to wait for it. */
  async #prepareSave(): Promise<void> {
    const { project, session } = this.#context;
    const format = await formatOf(project);
    const passphrase = session.passphrase.known;
    if (format.ok && format.value === "age" && passphrase !== undefined) prepareSalt(passphrase);
  }

  /** Waits until a save is due or something happens. */
  async #pause(): Promise<void> {
    const ms = this.#due === undefined ? remindMs : Math.max(0, this.#due - steadyTime());
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    await sleep(ms, woken.signal);
  }

  async #settle(): Promise<void> {
    const look = this.#here;
    [this.#first, this.#due] = [undefined, undefined];
    const { project, signal } = this.#context;
    const saved = await withProjectLock(project.vaultFolder, AbortSignal.any([signal, this.#over]), () =>
      this.#save(),
    );
    if (saved.ok) {
      this.#failed = undefined;
      if (this.#leftOut.length > 0) this.#tellOnce(describeLeftOut(this.#leftOut));
      if (saved.value !== "unsaved") this.#saved = look;
      await this.#note(look);
      if (saved.value === "sealed") await this.#push();
      return;
    }
    const { kind } = saved.failure;
    this.#tell(saved.failure);
    if (kind === "vault-closed" || kind === "vault-vanished" || kind === "container-gone") this.closed = true;
    else this.#failed = { failure: saved.failure, at: now() };
    // what cannot be saved stays so until something changes
    if (kind === "save-incomplete" && saved.failure.restSaved === true) return;
    // keep an earlier date from a newer change
    this.#due ??= steadyTime() + retryMs;
  }

  /** Reports a failed save at once, in the shell's terminal, unless the vault was closed. */
  #tell(failure: Failure): void {
    if (failure.kind === "interrupted" || failure.kind === "vault-closed" || failure.kind === "busy") return;
    this.#tellOnce(explain(failure).message);
  }

  #tellOnce(text: string): void {
    if (text !== this.#told) printInShell(`tazpod: ${text}`);
    this.#told = text;
  }

  /** Records on the host whether the open vault is saved. */
  async #note(look: string): Promise<void> {
    const { vaultFolder } = this.#context.project;
    if (this.#saved !== look) await markUnsaved(vaultFolder);
    else if (this.#here === look) await markSaved(vaultFolder);
  }

  /** Returns "unsaved" if the passphrase is not known, or autosave is off. */
  async #save(): Promise<Result<"saved" | "sealed" | "unsaved">> {
    const { session, project } = this.#context;
    const { state, reason } = await vaultSaved(this.#context);
    if (state === "true") return ok("saved");
    if (state === "unknown") return fail({ kind: "save-incomplete", problems: [reason] });
    await this.learnPassphrase();
    if (project.config.session.autosaveMs === 0) return ok("unsaved");
    if (session.passphrase.known === undefined) {
      this.#tellOnce(
        "what changes is saved only when you leave: the vault was open already, and no tazpod that runs has its passphrase.",
      );
      return ok("unsaved");
    }
    const done = await saveVault(this.#context, session.passphrase.known, {
      print: () => undefined,
      leftOut: (paths) => (this.#leftOut = paths),
    });
    return done.ok ? ok("sealed") : done;
  }

  /** Pushes if it needs no login. The push at the end of the session reports failures. */
  async #push(): Promise<void> {
    const { project } = this.#context;
    if (!project.config.session.autopush || isOffline(this.#context)) return;
    const remote = await this.#context.remote();
    const credentials = await remote.credentials(this.#over);
    if (credentials.state === "true") await pushVault(this.#context, this.#over, () => undefined);
  }
}
