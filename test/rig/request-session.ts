import { now } from "../../lib/host/clock.js";
import type { Answer, ReceivedRequest, RequestedCommand } from "../../lib/requests/request.js";
import { serveSession } from "../../lib/requests/session-socket.js";
import { value } from "./result.js";

/** Returns a request that waits, as a session shows it. */
export function madeRequest(
  id: string,
  command: Partial<RequestedCommand> = {},
  more: Partial<ReceivedRequest> = {},
): ReceivedRequest {
  const at = now().getTime();
  const inMinutes = (minutes: number): string => new Date(at + minutes * 60_000).toISOString();
  return {
    id,
    state: "waiting",
    command: {
      ...{ parts: ["prod"], argv: ["kubectl", "rollout", "restart", "deploy/web"], folder: "/workspace" },
      ...{ why: "roll out 1.4.2", write: false, variables: [], variableFiles: [], ...command },
    },
    asker: "node agent.js (process 321)",
    ...{ received: inMinutes(-1), expires: inMinutes(14), files: [], copy: { files: 12, bytes: 3000 } },
    openInShell: [],
    ruling: { decision: "ask", why: "No rule matches.", offline: false, withoutProject: false },
    ...more,
  };
}

/** A session with requests that a test makes, which answers front ends on the real socket. */
export class RequestSession {
  requests: ReceivedRequest[] = [];
  /** What was answered: the id, and the answer. */
  readonly answers: [string, Answer][] = [];
  difference: readonly string[] = [];
  problem: string | undefined;
  #end: () => Promise<void> = async () => undefined;

  static async open(root: string, ...requests: ReceivedRequest[]): Promise<RequestSession> {
    const session = new RequestSession();
    session.requests = requests;
    const end = await serveSession(root, async (question) => {
      if (question.op === "list") return { requests: session.requests };
      if (session.problem !== undefined) return { problem: session.problem };
      if (question.op === "difference") return { difference: session.difference };
      const { op: _, id, ...answer } = question;
      session.answers.push([id, answer]);
      session.requests = session.requests.filter((request) => request.id !== id);
      return { done: true };
    });
    session.#end = value(end);
    return session;
  }

  async end(): Promise<void> {
    await this.#end();
  }
}
