import { ok, type Result } from "../../failure/result.js";
import { withEscapes } from "../../host/quoted.js";
import type { Answer, ReceivedRequest, SessionQuestion, SessionReply } from "../../requests/request.js";
import { listeningSessions } from "../../requests/session-socket.js";

/** A request with the session that received it. */
export interface OpenRequest {
  readonly request: ReceivedRequest;
  /** Tells it from every other request, of other sessions and of other times. */
  readonly key: string;
  readonly ask: (question: SessionQuestion) => Promise<SessionReply>;
}

/** The requests of a project, and how many sessions listen to them. */
export interface OpenRequests {
  readonly sessions: number;
  /** The newest last. */
  readonly requests: readonly OpenRequest[];
}

/** Returns what waits and runs in all sessions of a project. Failures: those of `listeningSessions`. */
export async function openRequests(root: string): Promise<Result<OpenRequests>> {
  const sessions = await listeningSessions(root);
  if (!sessions.ok) return sessions;
  const requests = sessions.value.flatMap(({ pid, requests: received, ask }) =>
    received.map((request) => ({ request, ask, key: `${pid} ${request.id} ${request.received}` })),
  );
  const byTime = requests.toSorted((a, b) => a.request.received.localeCompare(b.request.received));
  return ok({ sessions: sessions.value.length, requests: byTime });
}

/** Gives a session the answer to a request. Returns why it was not taken; undefined if it was. */
export async function sendAnswer({ request, ask }: OpenRequest, answer: Answer): Promise<string | undefined> {
  const reply = await ask({ op: "answer", id: request.id, ...answer });
  if ("done" in reply) return undefined;
  return "problem" in reply ? withEscapes(String(reply.problem)) : "The session's reply is not understood.";
}

/** What an answer does, as the end of a sentence. */
export function describeAnswer(answer: Answer, isRunning = false): string {
  switch (answer.answer) {
    case "once":
      return "allowed once";
    case "minutes":
      return `allowed, and the same command with the same files for ${answer.minutes} min`;
    case "deny":
      return isRunning ? "stopped" : "denied";
    case "never":
      return isRunning
        ? "stopped, and not asked again in this session"
        : "denied, and not asked again in this session";
  }
}
