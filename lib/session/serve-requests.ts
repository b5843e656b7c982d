import { createHash } from "node:crypto";
import { PassThrough } from "node:stream";
import { finished } from "node:stream/promises";
import { explain, failureText } from "../failure/explain.js";
import type { Failure } from "../failure/failure.js";
import { fail, ok, type Result } from "../failure/result.js";
import { now, sleep, steadyTime } from "../host/clock.js";
import { printInShell } from "../host/screen.js";
import { appendAudit, type AuditEvent } from "../requests/audit-log.js";
import { askCodes } from "../requests/ask-script.js";
import { differenceToCommit } from "../requests/difference.js";
import { type Announced, type Inbox, openInbox, stillRunning } from "../requests/inbox.js";
import { notifyOfRequest } from "../requests/notification.js";
import { parseRequest } from "../requests/parse-request.js";
import { copyLimit, ProjectCopy } from "../requests/project-copy.js";
import { type Decision, type Queued, RequestQueue } from "../requests/queue.js";
import { readRules } from "../requests/read-rules.js";
import type {
  NamedFile,
  RequestedCommand,
  Ruling,
  SessionQuestion,
  SessionReply,
} from "../requests/request.js";
import { decide } from "../requests/rules.js";
import { serveSession } from "../requests/session-socket.js";
import { noteWaiting } from "../requests/waiting-count.js";
import { readOpenState } from "../secrets-folder/open-state.js";
import type { SecretsFolder } from "../secrets-folder/secrets-folder.js";
import type { WorkspaceContainer } from "../workspace/container-exec.js";
import { checkPartNames } from "./requested-parts.js";
import { describeEnd, runRequest, whyNoRequests } from "./run-request.js";
import type { StepContext } from "./step.js";

/** Delay before listening begins, in ms. */
const beginMs = 1_000;
/** Delay before listening starts again after it ended, for example with the engine, in ms. */
const restartMs = 5_000;
/** How often it is checked that the programs that wait still run, in ms. */
const checkMs = 2_000;
/** How long the end of the output may take to reach the program that asked, in ms. */
const sendMs = 10_000;

/**
 * Receives requests of programs in the container while a shell has the vault open, until `over` aborts. It prints nothing
 * but what a person has to know: the terminal is the shell's. Settles when no command runs any more.
 */
export async function serveRequests(
  context: StepContext,
  secrets: SecretsFolder,
  over: AbortSignal,
): Promise<void> {
  const { project } = context;
  const why = whyNoRequests(secrets.engine);
  if (project.config.session.requests === "off") return;
  if (why !== undefined) {
    if (project.config.session.requests === "ask") printInShell(`tazpod: no requests are received: ${why}.`);
    return;
  }
  const service = new RequestService(context, secrets, over);
  const served = await serveSession(project.root, (question) => service.answer(question));
  if (!served.ok) {
    printInShell(`tazpod: no requests are received: ${explain(served.failure).message}`);
    return;
  }
  await service.run();
  await served.value();
}

/** A request with everything that was read for it. */
interface Prepared {
  readonly id: string;
  readonly announced: Announced;
  readonly command: RequestedCommand;
  readonly asker: string;
  readonly ruling: Ruling;
  readonly copy: ProjectCopy;
  /** See `ReceivedRequest`. */
  readonly files: readonly NamedFile[];
  /** See `ReceivedRequest`. */
  readonly openInShell: readonly string[];
}

const notRecorded = "the audit log on the host could not be written, so nothing runs.";

/** Why a request is refused, for the program that made it. */
interface Refusal {
  readonly code: number;
  readonly text: string;
}

class RequestService {
  readonly #context: StepContext;
  readonly #secrets: SecretsFolder;
  readonly #over: AbortSignal;
  readonly #queue: RequestQueue;
  /** How many requests were refused unread, and not recorded yet. */
  #refused = 0;
  /** What waits or runs, by the name of its folder; aborted when its program has ended. */
  readonly #programs = new Map<string, { readonly pid: number; readonly gone: AbortController }>();
  /** The copies of requests, by the request's id. */
  readonly #copies = new Map<string, Prepared>();
  readonly #working = new Set<Promise<void>>();

  constructor(context: StepContext, secrets: SecretsFolder, over: AbortSignal) {
    this.#context = context;
    this.#secrets = secrets;
    this.#over = over;
    this.#queue = new RequestQueue((waiting) => void noteWaiting(context.project.vaultFolder, waiting));
  }

  async run(): Promise<void> {
    // a short command asks for nothing
    await sleep(beginMs, this.#over);
    if (this.#over.aborted) return;
    await this.#record({ event: "listening", session: process.pid });
    const checking = this.#checkPrograms();
    while (!this.#over.aborted) {
      const inbox = openInbox(this.#secrets, {
        onRequest: (announced) => this.#receive(inbox, announced),
        onListening: (installed) => {
          if (!installed) printInShell("tazpod: tazpod-ask could not be installed in the container's home.");
        },
      });
      const end = (): void => {
        this.#queue.end();
        inbox.end();
      };
      this.#over.addEventListener("abort", end, { once: true });
      await inbox.ended;
      this.#over.removeEventListener("abort", end);
      await sleep(restartMs, this.#over);
    }
    await Promise.all([checking, ...this.#working]);
    await this.#recordRefused();
    await this.#record({ event: "stopped", session: process.pid });
    await noteWaiting(this.#context.project.vaultFolder, 0);
  }

  async #record(event: AuditEvent): Promise<Result<void>> {
    const recorded = await appendAudit(this.#context.project.vaultFolder, event);
    if (!recorded.ok) this.#tell(recorded.failure);
    return recorded;
  }

  async #recordRefused(): Promise<void> {
    const count = this.#refused;
    this.#refused = 0;
    if (count > 0) await this.#record({ event: "refused", why: "flood", count });
  }

  /** Answers a front end. */
  async answer(question: SessionQuestion): Promise<SessionReply> {
    switch (question.op) {
      case "list":
        return { requests: this.#queue.list() };
      case "difference":
        return this.#difference(question.id);
      case "answer": {
        const problem = this.#queue.answer(question.id, question);
        return problem === undefined ? { done: true } : { problem };
      }
      default:
        return { problem: "This tazpod does not know the question. Is the session of another version?" };
    }
  }

  async #difference(id: string): Promise<SessionReply> {
    const prepared = this.#copies.get(id);
    if (prepared === undefined) return { problem: `There is no request ${id} any more.` };
    const { copy, files } = prepared;
    const named = files.map(({ path }) => path);
    const lines = await differenceToCommit(copy, named, this.#shell());
    return lines.ok ? { difference: lines.value } : { problem: explain(lines.failure).message };
  }

  #shell(): WorkspaceContainer {
    const { engine, container, user } = this.#secrets;
    return { engine, container, user };
  }

  #receive(inbox: Inbox, announced: Announced): void {
    if (this.#over.aborted || this.#programs.has(announced.name)) return;
    const leave = this.#queue.enter(announced.origin);
    if (typeof leave === "string") {
      this.#refused += 1;
      return inbox.refuse(announced.name, askCodes.refused, `refused: ${leave}`);
    }
    const gone = new AbortController();
    this.#programs.set(announced.name, { pid: announced.pid, gone });
    const signal = AbortSignal.any([gone.signal, this.#over]);
    const handling = this.#handle(inbox, { announced, leave }, signal).catch((error: unknown) => {
      // a fault of tazpod must not end the shell
      inbox.refuse(announced.name, askCodes.failed, "a fault in tazpod; the person sees it on the host.");
      printInShell(`tazpod: a request failed: ${String(error)}`);
    });
    const work = handling.finally(() => {
      leave();
      this.#programs.delete(announced.name);
      this.#working.delete(work);
    });
    this.#working.add(work);
  }

  /** `leave` gives back the place of a request that is being read. */
  async #handle(
    inbox: Inbox,
    { announced, leave }: { readonly announced: Announced; readonly leave: () => void },
    signal: AbortSignal,
  ): Promise<void> {
    const prepared = await this.#prepare(inbox, announced, signal);
    if ("code" in prepared) return inbox.refuse(announced.name, prepared.code, prepared.text);
    const { id, copy } = prepared;
    let queued: Queued | undefined;
    try {
      // the session has ended, or the program, while the request was prepared
      if (signal.aborted) return;
      queued = this.#enqueue(prepared);
      leave();
      this.#copies.set(id, prepared);
      signal.addEventListener("abort", queued.remove, { once: true });
      const waiting = this.#queue.list().find((one) => one.id === id && one.state === "waiting");
      if (waiting !== undefined) void notifyOfRequest(waiting, this.#context.project.root);
      const decision = await queued.decided;
      const { run, answer, minutes, by, why } = decision;
      const recorded = await this.#record({ event: "answer", id, answer, minutes, by, why });
      if (signal.aborted) return;
      if (!run) inbox.refuse(announced.name, askCodes.refused, `refused: ${decision.reason}`);
      else if (!recorded.ok) inbox.refuse(announced.name, askCodes.failed, notRecorded);
      else await this.#runAllowed(inbox, prepared, queued, signal);
    } finally {
      queued?.remove();
      this.#copies.delete(id);
      await copy.end();
    }
  }

  /** Reads a request, decides by rules, and copies the project. */
  async #prepare(inbox: Inbox, announced: Announced, signal: AbortSignal): Promise<Prepared | Refusal> {
    const { project } = this.#context;
    const bytes = await inbox.read(announced.name);
    if (!bytes.ok) return { code: askCodes.usage, text: "the request could not be read." };
    const parsed = parseRequest(bytes.value);
    if (typeof parsed === "string") return { code: askCodes.usage, text: parsed };
    const parts = checkPartNames(project, parsed.command.parts);
    if (!parts.ok) return { code: askCodes.usage, text: failureText(parts.failure) };
    const command = { ...parsed.command, parts: parts.value };
    const found = await readOpenState(this.#secrets);
    if (!found.ok || typeof found.value === "string")
      return { code: askCodes.noSession, text: "the vault is locked." };
    const open = found.value;
    const openInShell = command.parts.filter(
      (name) => open.parts === undefined || open.parts.open.includes(name),
    );
    const { rules, problems } = await readRules(project);
    for (const problem of problems) this.#tell(problem);
    const ruling = decide(rules, command, now());
    const id = this.#queue.newId();
    if (ruling.decision === "deny") {
      await this.#record({ event: "request", id, asker: parsed.asker, files: "", ...command });
      await this.#record({ event: "answer", id, answer: "deny", by: "rule", why: ruling.why });
      return { code: askCodes.refused, text: `refused by a rule: ${ruling.why}` };
    }
    if (ruling.offline && this.#secrets.engine.name === "kubernetes")
      return {
        code: askCodes.refused,
        text: "refused: a pod cannot be cut off the network (network: none).",
      };
    const copy = ruling.withoutProject ? ok(ProjectCopy.empty) : await this.#copy(signal);
    if (!copy.ok) return { code: askCodes.failed, text: explain(copy.failure).message };
    const event = {
      event: "request",
      id,
      asker: parsed.asker,
      files: copy.value.digest,
      ...command,
    } as const;
    const recorded = await this.#record(event);
    if (recorded.ok)
      return {
        ...{ id, announced, command, asker: parsed.asker, ruling, copy: copy.value },
        ...{ files: copy.value.namedBy(command), openInShell },
      };
    await copy.value.end();
    return { code: askCodes.failed, text: notRecorded };
  }

  async #copy(signal: AbortSignal): Promise<Result<ProjectCopy>> {
    const kept = [...this.#copies.values()].reduce((sum, { copy }) => sum + copy.bytes, 0);
    if (kept > copyLimit)
      return fail({ kind: "archive-too-large", bytes: kept, limit: copyLimit, what: "what waits" });
    return ProjectCopy.make(this.#shell(), this.#context.project.vaultFolder, signal);
  }

  #enqueue({ id, announced, command, asker, ruling, copy, files, openInShell }: Prepared): Queued {
    const { why: _, ...words } = command;
    const identity = JSON.stringify(words);
    const key = createHash("sha256").update(identity).update(copy.digest).update(String(ruling.offline));
    const keys = { command: identity, key: key.digest("hex") };
    const byRule: Decision | undefined =
      ruling.decision === "allow" ? { run: true, answer: "once", by: "rule", why: ruling.why } : undefined;
    return this.#queue.add(
      {
        ...keys,
        id,
        origin: announced.origin,
        shown: {
          ...{ command, asker, openInShell, ruling, files },
          copy: { files: copy.files, bytes: copy.bytes },
        },
      },
      byRule ?? this.#queue.known(keys),
    );
  }

  async #runAllowed(
    inbox: Inbox,
    { id, announced: { name }, command, copy, ruling }: Prepared,
    queued: Queued,
    gone: AbortSignal,
  ): Promise<void> {
    const passphrase = this.#context.session.passphrase.known;
    if (passphrase === undefined)
      return inbox.refuse(name, askCodes.failed, "the session does not know the passphrase of the vault.");
    const begun = await this.#record({ event: "start", id });
    if (!begun.ok) return inbox.refuse(name, askCodes.failed, notRecorded);
    const start = steadyTime();
    const signal = AbortSignal.any([gone, queued.signal]);
    const [out, err] = [new PassThrough(), new PassThrough()];
    const sending = [inbox.send(name, "out", out, gone), inbox.send(name, "err", err, gone)];
    const allowed = { id, command, copy, offline: ruling.offline, shell: this.#shell() };
    const ended = await runRequest(this.#context, { ...allowed, passphrase, signal }, { out, err });
    await this.#record({
      ...{ event: "end", id, ms: Math.round(steadyTime() - start) },
      ...(ended.ok
        ? { code: ended.value.code, bytes: ended.value.bytes }
        : { failure: explain(ended.failure).message, bytes: 0 }),
    });
    const text = describeEnd(ended);
    if (text !== undefined) err.write(`tazpod-ask: ${text}\n`);
    out.end();
    err.end();
    await Promise.race([
      Promise.all([...sending, finished(out), finished(err)]).catch(() => undefined),
      sleep(sendMs, gone),
    ]);
    await inbox.sendCode(name, ended.ok ? ended.value.code : askCodes.failed);
  }

  /** Withdraws the requests of programs that have ended. */
  async #checkPrograms(): Promise<void> {
    while (!this.#over.aborted) {
      await sleep(checkMs, this.#over);
      await this.#recordRefused();
      const programs = [...this.#programs.values()];
      if (programs.length === 0 || this.#over.aborted) continue;
      const running = await stillRunning(
        this.#secrets,
        programs.map(({ pid }) => pid),
      );
      for (const { pid, gone } of programs) if (running?.has(pid) === false) gone.abort();
    }
  }

  #tell(failure: Failure): void {
    printInShell(`tazpod: ${explain(failure).message}`);
  }
}
