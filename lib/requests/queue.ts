import { randomBytes } from "node:crypto";
import { now } from "../host/clock.js";
import type { AuditEventOf } from "./audit-log.js";
import { type Answer, longestMinutes, type ReceivedRequest } from "./request.js";

/** How many requests may wait: in all, and of programs with the same origin, so that one cannot take every place. */
export const waitingLimits = { all: 10, ofOrigin: 3 } as const;
/** How many requests of one origin are read in a minute. */
const perMinute = 30;
/** How long a request may wait for an answer, in ms. */
const usualExpiryMs = 15 * 60_000;

/** How a request was decided, and by whom, as the audit log has it. `reason` is for the program that asked. */
export type Decision = Pick<AuditEventOf<"answer">, "answer" | "minutes" | "by" | "why"> &
  ({ readonly run: true } | { readonly run: false; readonly reason: string });

/** A request to add: what identifies the command and everything that it sees, and what is shown of it. */
export interface NewRequest {
  /** From `newId`. */
  readonly id: string;
  readonly origin: number;
  /** Identifies the command. */
  readonly command: string;
  /** Identifies the command and all files that it sees. */
  readonly key: string;
  readonly shown: Omit<ReceivedRequest, "id" | "state" | "received" | "expires">;
}

interface Entry {
  readonly request: ReceivedRequest;
  readonly origin: number;
  readonly command: string;
  readonly key: string;
  readonly stop: AbortController;
  readonly decide: (decision: Decision) => void;
  isRunning: boolean;
}

/** A request in the queue. */
export interface Queued {
  readonly decided: Promise<Decision>;
  /** Aborts when a person denies the running command. */
  readonly signal: AbortSignal;
  /** Takes it out of the queue: its program has ended, or its command has. */
  readonly remove: () => void;
}

/** What waits for an answer, and what runs. Nothing is allowed but by an answer. */
export class RequestQueue {
  readonly #entries = new Map<string, Entry>();
  /** The commands that a person allowed for some time, until when in ms since 1970, or denied for good. */
  readonly #allowed = new Map<string, number>();
  readonly #denied = new Set<string>();
  /** When requests of an origin were read, in ms since 1970. */
  readonly #read = new Map<number, readonly number[]>();
  /** The origins of requests that are being read. */
  readonly #entering: number[] = [];
  readonly #changed: (waiting: number) => void;

  readonly #expiryMs: number;

  /** `changed` gets the number of waiting requests whenever it changes. After `expiryMs` without an answer, one is denied. */
  constructor(changed: (waiting: number) => void, expiryMs = usualExpiryMs) {
    this.#changed = changed;
    this.#expiryMs = expiryMs;
  }

  /**
   * Takes a place for a request of an origin while it is read. Returns a function that gives the place back, once the
   * request was added or refused; or why there is none.
   */
  enter(origin: number): (() => void) | string {
    const time = now().getTime();
    const recent = (this.#read.get(origin) ?? []).filter((at) => at > time - 60_000);
    const taken = [...this.#waiting().map((entry) => entry.origin), ...this.#entering];
    const own = taken.filter((one) => one === origin).length;
    const later = "try again once one is answered.";
    if (own >= waitingLimits.ofOrigin)
      return `${own} requests from this shell wait for an answer already; ${later}`;
    if (taken.length >= waitingLimits.all)
      return `${taken.length} requests wait for an answer already; ${later}`;
    if (recent.length >= perMinute)
      return `there were ${perMinute} requests from this shell in a minute; try again later.`;
    this.#read.set(origin, [...recent, time]);
    this.#entering.push(origin);
    let isTaken = true;
    return () => {
      if (isTaken) this.#entering.splice(this.#entering.indexOf(origin), 1);
      isTaken = false;
    };
  }

  /** Returns the decision that a person has made before about the same command: an allowance only with the same files. */
  known({ command, key }: Pick<NewRequest, "command" | "key">): Decision | undefined {
    if (this.#denied.has(command))
      return {
        ...{ run: false, answer: "never", by: "earlier" },
        reason: "it was denied before, and is not asked again.",
      };
    return (this.#allowed.get(key) ?? 0) > now().getTime()
      ? { run: true, answer: "minutes", by: "earlier" }
      : undefined;
  }

  /** Adds a request; if `decision` is given, it does not wait. */
  add({ id, origin, command, key, shown }: NewRequest, decision?: Decision): Queued {
    const received = now();
    const request: ReceivedRequest = {
      ...shown,
      ...{ id, state: "waiting", received: received.toISOString() },
      expires: new Date(received.getTime() + this.#expiryMs).toISOString(),
    };
    const stop = new AbortController();
    let decide: (decision: Decision) => void = () => undefined;
    const decided = new Promise<Decision>((resolve) => (decide = resolve));
    const entry: Entry = { request, origin, command, key, stop, decide, isRunning: false };
    this.#entries.set(id, entry);
    const timer = setTimeout(
      () => this.#decide(entry, denied("time", "there was no answer in time.")),
      this.#expiryMs,
    ).unref();
    if (decision !== undefined) this.#decide(entry, decision);
    this.#tell();
    const remove = (): void => {
      clearTimeout(timer);
      entry.decide(denied("program", "it was withdrawn."));
      this.#entries.delete(id);
      this.#tell();
    };
    return { decided, signal: stop.signal, remove };
  }

  /** Returns what waits and runs, the oldest first. */
  list(): readonly ReceivedRequest[] {
    return [...this.#entries.values()].map(({ request, isRunning }) => ({
      ...request,
      state: isRunning ? ("running" as const) : ("waiting" as const),
    }));
  }

  /** Applies a person's answer. Returns why that is impossible. */
  answer(id: string, given: Answer): string | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined)
      return `There is no request ${id}: it was answered or withdrawn, or has expired.`;
    const denies = given.answer === "deny" || given.answer === "never";
    if (given.answer === "minutes" && !(given.minutes > 0 && given.minutes <= longestMinutes))
      return `A command is allowed for 1 to ${longestMinutes} minutes.`;
    if (entry.isRunning && !denies) return `The command of request ${id} runs already.`;
    const by = "person";
    switch (given.answer) {
      case "minutes":
        this.#allowed.set(entry.key, now().getTime() + given.minutes * 60_000);
        this.#decide(entry, { run: true, by, answer: "minutes", minutes: given.minutes });
        break;
      case "once":
        this.#decide(entry, { run: true, by, answer: "once" });
        break;
      case "never":
      case "deny":
        if (given.answer === "never") this.#denied.add(entry.command);
        this.#allowed.delete(entry.key);
        if (entry.isRunning) entry.stop.abort();
        else this.#decide(entry, { run: false, by, answer: given.answer, reason: "it was denied." });
        break;
      default:
        return "The answer is unknown.";
    }
    this.#tell();
    return undefined;
  }

  /** Denies what waits, and stops what runs: the session ends. */
  end(): void {
    for (const entry of this.#entries.values()) {
      entry.stop.abort();
      entry.decide(denied("session", "the session has ended."));
    }
    this.#entries.clear();
    this.#tell();
  }

  #decide(entry: Entry, decision: Decision): void {
    if (entry.isRunning) return;
    if (decision.run) entry.isRunning = true;
    else this.#entries.delete(entry.request.id);
    entry.decide(decision);
    this.#tell();
  }

  #waiting(): readonly Entry[] {
    return [...this.#entries.values()].filter(({ isRunning }) => !isRunning);
  }

  #tell(): void {
    this.#changed(this.#waiting().length);
  }

  /** Returns an id for a request: four letters and digits that are not mistaken for each other. */
  newId(): string {
    const letters = "23456789abcdefghjkmnpqrstuvwxyz";
    for (;;) {
      const id = [...randomBytes(4)].map((byte) => letters[byte % letters.length]).join("");
      if (!this.#entries.has(id)) return id;
    }
  }
}

const denied = (by: Decision["by"], reason: string): Decision => ({ run: false, answer: "deny", by, reason });
