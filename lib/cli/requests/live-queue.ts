import { explain } from "../../failure/explain.js";
import type { Result } from "../../failure/result.js";
import { now, steadyTime } from "../../host/clock.js";
import { shortenToColumns } from "../../host/columns.js";
import type { Key } from "../../host/typed-keys.js";
import { printable } from "../../host/printable.js";
import { withEscapes } from "../../host/quoted.js";
import { type Answer, longestMinutes } from "../../requests/request.js";
import { describeRequest, summarizeRequest, timeLeft } from "./describe-request.js";
import { describeAnswer, type OpenRequest, type OpenRequests, sendAnswer } from "./open-requests.js";
import { type Layout, layOutScreen, type ScreenContent, wrapLine } from "./queue-rows.js";

/** How long keys are ignored after a page, or a question on it, was shown, in ms: they were typed for something else. */
const [pageGuardMs, questionGuardMs] = [500, 200];
const usualMinutes = 10;

/** What the page of a request does: it shows it, asks, waits for the session, or shows the difference. */
type Mode =
  | { readonly kind: "reading" }
  | { readonly kind: "confirm"; readonly answer: Answer }
  | { readonly kind: "minutes"; readonly typed: string }
  | { readonly kind: "sending" }
  | { readonly kind: "difference"; readonly lines: readonly string[] | undefined };

/** The page of one request. It never changes to another one. */
interface Page {
  readonly of: OpenRequest;
  readonly scroll: number;
  readonly mode: Mode;
  /** Its end was on the screen. */
  readonly seenEnd: boolean;
  /** Why it takes no more answer. */
  readonly over?: string;
  readonly note: string;
}

/**
 * The live queue on a screen: a list of requests, and the page of one. It decides what keys do and what is shown. Only a
 * key answers a request, never time, the end of the input or a signal.
 */
export class LiveQueue {
  readonly #title: string;
  #open: OpenRequests = { sessions: 0, requests: [] };
  #problem = "";
  #selected: string | undefined;
  #page: Page | undefined;
  #note = "";
  /** When what takes keys now was shown first, by a clock for durations, in ms; and how long it ignores them. */
  #shown = { at: 0, guardMs: 0 };
  #room = 1;
  #isLoaded = false;
  /** The keys of all requests so far. */
  readonly #known = new Set<string>();
  readonly #changed: () => void;

  /** `changed` is called when something has to be drawn because a session has replied. */
  constructor(project: string, changed: () => void) {
    this.#title = `Requests in ${printable(project)}`;
    this.#changed = changed;
  }

  /** Takes what the sessions have now. Returns whether a request waits that was not there before. */
  update(found: Result<OpenRequests>): boolean {
    if (!found.ok) {
      this.#problem = explain(found.failure).message;
      return false;
    }
    this.#problem = "";
    this.#take(found.value);
    this.#updatePage();
    const { requests } = found.value;
    const isNew =
      this.#isLoaded &&
      requests.some(({ key, request }) => request.state === "waiting" && !this.#known.has(key));
    for (const { key } of requests) this.#known.add(key);
    this.#isLoaded = true;
    return isNew;
  }

  /** Takes a list. The selection stays with its request, or else with its place. */
  #take(open: OpenRequests): void {
    const place = this.#open.requests.findIndex(({ key }) => key === this.#selected);
    const { requests } = open;
    this.#open = open;
    if (!requests.some(({ key }) => key === this.#selected))
      this.#selected = requests[Math.min(Math.max(place, 0), requests.length - 1)]?.key;
  }

  /** Applies keys that arrived at the same time. Returns true when the user leaves. */
  press(keys: readonly Key[]): boolean {
    for (const key of keys) {
      if (key === "ctrl-c" || key === "ctrl-d") return true;
      if (steadyTime() - this.#shown.at < this.#shown.guardMs) continue;
      const before = this.#shown;
      if (this.#page === undefined ? this.#pressInList(key) : this.#pressOnPage(key, this.#page)) return true;
      // what was typed together with the key that changed the page was not typed for the new one
      if (this.#shown !== before) return false;
    }
    return false;
  }

  /** Lays out what is shown now. */
  layOut(size: { readonly columns: number; readonly rows: number }): Layout {
    const page = this.#page;
    const shown = layOutScreen(
      page === undefined ? this.#list(size) : pageContent(page, this.#requestOf(page), size.columns),
      size,
    );
    this.#room = shown.room;
    if (page !== undefined) {
      const seenEnd = page.seenEnd || (page.mode.kind !== "difference" && shown.showsEnd);
      this.#page = { ...page, scroll: shown.from, seenEnd };
    }
    return shown;
  }

  #list({ columns, rows }: { readonly columns: number; readonly rows: number }): ScreenContent {
    const { sessions, requests } = this.#open;
    const index = Math.max(
      0,
      requests.findIndex(({ key }) => key === this.#selected),
    );
    const lines = requests.map(({ request, key }) =>
      shortenToColumns(`${key === this.#selected ? ">" : " "} ${summarizeRequest(request)}`, columns),
    );
    const none =
      sessions === 0
        ? "No session of this project receives requests now."
        : "No request waits. This list shows new ones.";
    return {
      head: this.#title,
      body: lines.length > 0 || !this.#isLoaded ? lines : wrapLine({ text: none, indent: 0 }, columns),
      note: this.#problem === "" ? this.#note : this.#problem,
      keys: requests.length === 0 ? ["q quit"] : ["Enter open", "j/k or arrows select", "q quit"],
      // the selected one in the middle
      from: index - Math.floor(rows / 2),
    };
  }

  #pressInList(key: Key): boolean {
    const { requests } = this.#open;
    const index = requests.findIndex((one) => one.key === this.#selected);
    const moved = { up: -1, k: -1, down: 1, j: 1, "page-up": -this.#room, "page-down": this.#room }[key];
    if (key === "q" || key === "escape") return true;
    if (moved !== undefined)
      this.#selected = requests[Math.min(Math.max(index + moved, 0), requests.length - 1)]?.key;
    const of = requests[index];
    if (key === "enter" && of !== undefined) {
      this.#note = "";
      this.#show({ of, scroll: 0, mode: { kind: "reading" }, seenEnd: false, note: "" }, pageGuardMs);
    }
    return false;
  }

  #pressOnPage(key: Key, page: Page): boolean {
    const { mode } = page;
    if (mode.kind === "sending") return false;
    if (mode.kind === "confirm") {
      if (key === "y") void this.#send(page, mode.answer);
      else this.#show({ ...page, mode: { kind: "reading" }, note: "Not allowed." }, questionGuardMs);
      return false;
    }
    if (mode.kind === "minutes") return this.#typeMinutes(key, page, mode.typed);
    const scrolled = this.#scrolled(key, page.scroll);
    if (scrolled !== undefined) {
      this.#page = { ...page, scroll: scrolled };
      return false;
    }
    const isBack = key === "q" || key === "escape";
    if (mode.kind === "difference") {
      if (isBack) this.#show({ ...page, scroll: 0, mode: { kind: "reading" }, note: "" }, pageGuardMs);
      return false;
    }
    if (isBack) this.#show(undefined, 0);
    else if (page.over === undefined) this.#pressOnRequest(key, page);
    return false;
  }

  #pressOnRequest(key: Key, page: Page): void {
    const isWaiting = this.#requestOf(page).request.state === "waiting";
    if (key === "n") void this.#send(page, { answer: "deny" });
    else if (key === "s") void this.#send(page, { answer: "never" });
    else if (key === "d") void this.#showDifference(page);
    else if (isWaiting && (key === "o" || key === "m")) {
      if (!page.seenEnd)
        this.#page = { ...page, note: "Read to the end first: nothing is allowed that was not shown." };
      else if (key === "m") this.#show({ ...page, mode: { kind: "minutes", typed: "" } }, questionGuardMs);
      else this.#show({ ...page, mode: { kind: "confirm", answer: { answer: "once" } } }, questionGuardMs);
    }
  }

  #typeMinutes(key: Key, page: Page, typed: string): boolean {
    const minutes = typed === "" ? usualMinutes : Number(typed);
    if (key === "escape" || key === "q")
      this.#show({ ...page, mode: { kind: "reading" }, note: "Not allowed." }, questionGuardMs);
    else if (key === "backspace")
      this.#page = { ...page, mode: { kind: "minutes", typed: typed.slice(0, -1) } };
    else if (/^\d$/.test(key) && typed.length < 2)
      this.#page = { ...page, mode: { kind: "minutes", typed: typed + key } };
    else if (key === "enter" && minutes >= 1 && minutes <= longestMinutes)
      this.#show(
        { ...page, mode: { kind: "confirm", answer: { answer: "minutes", minutes } } },
        questionGuardMs,
      );
    return false;
  }

  #scrolled(key: Key, from: number): number | undefined {
    switch (key) {
      case "up":
      case "k":
        return from - 1;
      case "down":
      case "j":
        return from + 1;
      case "page-up":
      case "b":
        return from - this.#room;
      case "page-down":
      case " ":
        return from + this.#room;
      case "home":
      case "g":
        return 0;
      case "end":
      case "G":
        return Number.MAX_SAFE_INTEGER;
      default:
        return undefined;
    }
  }

  async #send(page: Page, answer: Answer): Promise<void> {
    const { request, key: answered } = this.#requestOf(page);
    this.#show({ ...page, mode: { kind: "sending" }, note: "" }, 0);
    const problem = await sendAnswer(page.of, answer);
    if (problem === undefined) {
      this.#note = `Request ${withEscapes(request.id)}: ${describeAnswer(answer, request.state === "running")}.`;
      // it is over, or it runs, as the session will report
      const requests = this.#open.requests.filter(({ key }) => key !== answered);
      this.#take({ ...this.#open, requests });
      this.#show(undefined, 0);
    } else this.#show({ ...page, mode: { kind: "reading" }, note: problem }, pageGuardMs);
    this.#changed();
  }

  async #showDifference(page: Page): Promise<void> {
    this.#show({ ...page, scroll: 0, mode: { kind: "difference", lines: undefined }, note: "" }, pageGuardMs);
    const { request, ask } = page.of;
    const reply = await ask({ op: "difference", id: request.id });
    const shown = this.#page;
    if (shown?.of.key !== page.of.key || shown.mode.kind !== "difference") return;
    const lines =
      "difference" in reply
        ? reply.difference
        : ["problem" in reply ? String(reply.problem) : "The session's reply is not understood."];
    const none = ["Nothing has changed since the last commit."];
    this.#page = { ...shown, mode: { kind: "difference", lines: lines.length === 0 ? none : lines } };
    this.#changed();
  }

  /** Shows another page, or another question on it. */
  #show(page: Page | undefined, guardMs: number): void {
    this.#page = page;
    this.#shown = { at: steadyTime(), guardMs };
  }

  /** The request of a page as it is now, or as it was last. */
  #requestOf(page: Page): OpenRequest {
    return this.#open.requests.find(({ key }) => key === page.of.key) ?? page.of;
  }

  #updatePage(): void {
    const page = this.#page;
    if (page === undefined || page.over !== undefined || page.mode.kind === "sending") return;
    const found = this.#open.requests.find(({ key }) => key === page.of.key);
    const over = whyOver(page.of, found);
    if (over === undefined && found !== undefined) this.#page = { ...page, of: found };
    // a question that is open ends with it
    else if (page.mode.kind === "difference") this.#page = { ...page, over: over ?? "" };
    else this.#show({ ...page, mode: { kind: "reading" }, over: over ?? "", note: "" }, pageGuardMs);
  }
}

/** Why a request that was shown takes no more answer; undefined if it still does. */
function whyOver({ request }: OpenRequest, found: OpenRequest | undefined): string | undefined {
  if (found === undefined) {
    if (request.state === "running") return "It has ended.";
    return timeLeft(request, now()) === "expired"
      ? "It has expired: nothing ran."
      : "It waits no more: it was answered elsewhere, or its program or session has ended.";
  }
  const isAllowed = request.state === "waiting" && found.request.state === "running";
  return isAllowed ? "It was allowed elsewhere and runs now." : undefined;
}

function pageContent(page: Page, { request }: OpenRequest, columns: number): ScreenContent {
  const { mode, over, scroll } = page;
  const id = withEscapes(request.id);
  const state = over !== undefined ? "over" : (timeLeft(request, now()) ?? "running");
  const isDifference = mode.kind === "difference";
  const lines = isDifference
    ? (mode.lines ?? ["Comparing with the last commit …"]).map((line) => ({
        text: withEscapes(line.replaceAll("\t", "    ")),
        indent: 2,
      }))
    : describeRequest(request);
  return {
    head: `${isDifference ? `Difference since the last commit, request ${id}` : `Request ${id}`}: ${state}`,
    body: lines.flatMap((line) => wrapLine(line, columns)),
    note: over ?? noteOf(page),
    keys: keysFor(page, request.state === "running"),
    from: scroll,
  };
}

function noteOf({ mode, note }: Page): string {
  switch (mode.kind) {
    case "confirm":
      return mode.answer.answer === "minutes"
        ? `Allow it, and the same command with the same files for ${mode.answer.minutes} min?`
        : "Allow this command once?";
    case "minutes":
      return `For how many minutes (1 to ${longestMinutes}; Enter for ${usualMinutes})? ${mode.typed}_`;
    case "sending":
      return "Sending the answer …";
    default:
      return note;
  }
}

function keysFor({ mode, over }: Page, isRunning: boolean): readonly string[] {
  if (mode.kind === "confirm") return ["y yes", "any other key: no"];
  if (mode.kind === "minutes") return ["Enter continue", "Esc back"];
  if (mode.kind === "sending") return ["Ctrl-C quit"];
  if (mode.kind === "difference" || over !== undefined) return ["j/k or arrows scroll", "q back"];
  const answers = isRunning
    ? ["n stop it", "s stop it, ask no more"]
    : ["o once", "m for minutes", "n deny", "s deny, ask no more"];
  return [...answers, "d difference", "q back"];
}
