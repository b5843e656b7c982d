import { isRecord, parseJson } from "../host/json.js";
import { answerOnSocket, askOnSocket } from "../host/private-socket.js";
import { ownSocket, processSockets } from "../host/process-socket.js";
import { ok, type Result } from "../failure/result.js";
import type { ReceivedRequest, SessionQuestion, SessionReply } from "./request.js";

/** How long a session may take to answer, in ms: it may compare files in the container. */
const limitMs = 20_000;

/** The purpose of the sockets, see `ownSocket`. */
const purpose = "requests";

/** Answers front ends of this user on this host about this session's requests. Returns a function that stops this. */
export async function serveSession(
  root: string,
  answer: (question: SessionQuestion) => Promise<SessionReply>,
): Promise<Result<() => Promise<void>>> {
  const socket = await ownSocket(purpose, root);
  if (!socket.ok) return socket;
  const served = await answerOnSocket(socket.value.path, async (text) => {
    const question = parseJson(text);
    const reply = isRecord(question)
      ? await answer(question as unknown as SessionQuestion)
      : { problem: "The question is no JSON." };
    return Buffer.from(JSON.stringify(reply));
  });
  if (!served.ok) return served;
  return ok(async () => {
    served.value();
    await socket.value.remove();
  });
}

/** A session that answers. */
export interface AnsweringSession {
  readonly pid: number;
  readonly requests: readonly ReceivedRequest[];
  readonly ask: (question: SessionQuestion) => Promise<SessionReply>;
}

/** Returns the sessions of a project that listen to requests, with what they have received. Failure: that of `runtimeFolder`. */
export async function listeningSessions(root: string): Promise<Result<readonly AnsweringSession[]>> {
  const sockets = await processSockets(purpose, root);
  if (!sockets.ok) return sockets;
  const found: AnsweringSession[] = [];
  for (const { pid, path } of sockets.value) {
    const ask = async (question: SessionQuestion): Promise<SessionReply> => {
      const bytes = await askOnSocket(path, JSON.stringify(question), limitMs);
      const reply = bytes === undefined ? undefined : parseJson(bytes.toString());
      return isRecord(reply)
        ? (reply as unknown as SessionReply)
        : { problem: `The session (process ${pid}) does not answer.` };
    };
    const listed = await ask({ op: "list" });
    if ("requests" in listed) found.push({ pid, requests: listed.requests, ask });
  }
  return ok(found);
}
