import { createHash } from "node:crypto";
import { join } from "node:path";
import { list, removeEmptyFolder, removeFile } from "../host/files.js";
import { isRecord, parseJson } from "../host/json.js";
import { answerOnSocket, askOnSocket } from "../host/private-socket.js";
import { processIdentity } from "../host/process-identity.js";
import { runtimeFolder } from "../host/runtime-folder.js";
import { ok, type Result } from "../failure/result.js";
import type { ReceivedRequest, SessionQuestion, SessionReply } from "./request.js";

/** How long a session may take to answer, in ms: it may compare files in the container. */
const limitMs = 20_000;

/** Returns the folder with the sockets of a project's sessions, one per process, named by its id. */
function socketFolder(root: string): Promise<Result<string>> {
  return runtimeFolder("requests", createHash("sha256").update(root).digest("hex").slice(0, 16));
}

/** Answers front ends of this user on this host about this session's requests. Returns a function that stops this. */
export async function serveSession(
  root: string,
  answer: (question: SessionQuestion) => Promise<SessionReply>,
): Promise<Result<() => Promise<void>>> {
  const folder = await socketFolder(root);
  if (!folder.ok) return folder;
  const path = join(folder.value, `${process.pid}.sock`);
  const served = await answerOnSocket(path, async (text) => {
    const question = parseJson(text);
    const reply = isRecord(question)
      ? await answer(question as unknown as SessionQuestion)
      : { problem: "The question is no JSON." };
    return Buffer.from(JSON.stringify(reply));
  });
  if (!served.ok) return served;
  return ok(async () => {
    served.value();
    await removeFile(path);
    await removeEmptyFolder(folder.value);
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
  const folder = await socketFolder(root);
  if (!folder.ok) return folder;
  const names = await list(folder.value);
  if (!names.ok) return names;
  const found: AnsweringSession[] = [];
  for (const name of names.value) {
    const pid = Number(/^(\d+)\.sock$/.exec(name)?.[1]);
    if (Number.isNaN(pid)) continue;
    const path = join(folder.value, name);
    if ((await processIdentity(pid)) === undefined) {
      await removeFile(path);
      continue;
    }
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
