import type { CopyObjectCommand } from "@aws-sdk/client-s3";
import { awsFailure, readAwsError } from "../../aws/errors.js";
import type { Failure } from "../../failure/failure.js";
import { openRead } from "../../host/files.js";
import { Failed, settle, take } from "../../failure/result.js";
import { maxCopies } from "../download-limits.js";
import { historyStem, newestFirst, newHistoryName, parseHistoryName } from "../history-name.js";
import { sendBody } from "../body-stream.js";
import {
  bucketAndKey,
  contentMd5,
  withTimeout,
  folderOf,
  metadataHeaders,
  abortOptions,
  type ObjectLocation,
  unquoted,
} from "./location.js";
import { downloadObject, headObject } from "./read.js";
import type { HistoryCopy, KeepResult, KeepRequest, RemoteHistory, RemoteObject } from "../remote-types.js";

/** Keeps copies under history/ in the key's folder; the server makes them from the key's object. */
export function s3History(location: ObjectLocation): RemoteHistory {
  const folder = `${folderOf(location.key)}history/`;
  const at = (name: string): ObjectLocation => ({ ...location, key: `${folder}${name}` });
  return {
    list: (signal) => settle(() => list(location, `${folder}vault-`, signal)),
    head: (name, signal) => headObject(at(name), signal),
    download: (name, request) => downloadObject(at(name), request),
    keep: (request) => settle(() => keep(location, folder, request)),
    remove: (names, signal) => settle(() => remove(names.map(at), signal)),
  };
}

async function list(
  location: ObjectLocation,
  prefix: string,
  signal: AbortSignal | undefined,
): Promise<readonly HistoryCopy[]> {
  const { sdk, client } = await location.load();
  const copies: HistoryCopy[] = [];
  let pages = 0;
  let token: string | undefined;
  do {
    const page = new sdk.ListObjectsV2Command({
      Bucket: location.bucket,
      Prefix: prefix,
      ContinuationToken: token,
    });
    const answer = await client.send(page, withTimeout(location, signal)).catch((error: unknown) => {
      throw new Failed(historyFailure(error, location, signal, "listed in"));
    });
    for (const { Key = "", Size = 0 } of answer.Contents ?? []) {
      const copy = parseHistoryName(Key.slice(folderOf(prefix).length), Size);
      if (copy !== undefined) copies.push(copy);
    }
    pages += 1;
    if (pages * pageSize > maxCopies) throw new Failed(tooManyCopies(location.url));
    token = answer.IsTruncated === true ? answer.NextContinuationToken : undefined;
  } while (token !== undefined);
  return newestFirst(copies);
}

/** The most entries in one answer. */
const pageSize = 1000;

function tooManyCopies(url: string): Failure {
  const reason = `its history has more than ${maxCopies} entries`;
  return {
    kind: "remote-unavailable",
    url,
    reason,
    hint: "Remove old entries under history/ on the remote.",
  };
}

/**
 * Copies the object and checks the copy: the server may copy a newer version, since not all honour the condition of a
 * copy.
 */
async function keep(location: ObjectLocation, folder: string, request: KeepRequest): Promise<KeepResult> {
  const { object, checkFirst = false, signal } = request;
  if (checkFirst) {
    const [found] = await list(location, `${folder}${historyStem(object)}`, signal);
    if (found !== undefined) return { state: "kept", name: found.name };
  }
  const name = newHistoryName(object);
  const target = { ...location, key: `${folder}${name}` };
  const copied = await copy(location, target, request);
  if (copied === "changed") return { state: "changed" };
  if (copied !== object.etag && !(await isCopy(target, object, signal))) {
    await remove([target], signal);
    return { state: "changed" };
  }
  return { state: "kept", name };
}

/** Returns the ETag of the copy, or "changed" when the object is another one by now. */
async function copy(
  location: ObjectLocation,
  target: ObjectLocation,
  request: KeepRequest,
  isConditional = true,
): Promise<string> {
  const { object, from, signal } = request;
  const { sdk, client } = await location.load();
  try {
    const command = new sdk.CopyObjectCommand({
      ...bucketAndKey(target),
      CopySource: encodeURIComponent(`${location.bucket}/${location.key}`).replaceAll("%2F", "/"),
      ...(isConditional ? { CopySourceIfMatch: `"${object.etag}"` } : {}),
    });
    endConnection(command);
    const answer = await client.send(command, abortOptions(signal));
    return unquoted(answer.CopyObjectResult?.ETag);
  } catch (error) {
    const { status } = readAwsError(error);
    if (status === 412) {
      // some servers refuse the condition although it holds, as OpenStack Swift does for an object made in parts
      const isSame = isConditional && (await isCopy(location, object, signal));
      return isSame ? copy(location, target, request, false) : "changed";
    }
    if (from !== undefined && (status === 501 || status === 405)) return put(target, object, from, signal);
    throw new Failed(historyFailure(error, location, signal, "copied into"));
  }
}

/** Returns the failure of a request about the history; one that is denied is about the history, not about the vault. */
function historyFailure(
  error: unknown,
  location: ObjectLocation,
  signal: AbortSignal | undefined,
  what: "copied into" | "listed in",
): Failure {
  const { bucket } = location;
  const folder = `${folderOf(location.key)}history/`;
  const denied = {
    reason: `access to the history is denied: nothing can be ${what} ${folder}`,
    hint:
      what === "listed in"
        ? `Allow s3:ListBucket on ${bucket} for this prefix.`
        : `Allow s3:PutObject on ${bucket}/${folder}* and s3:GetObject on the vault. \`tazpod setup-storage\` prints the whole policy.`,
  };
  return awsFailure(error, { ...location.context(signal), denied });
}

/**
 * Asks the server to close the connection after the answer. Ceph sends it in two packets and waits for the
 * acknowledgement of the first, which a kept connection delays by 40 ms.
 */
function endConnection(command: CopyObjectCommand): void {
  command.middlewareStack.add(
    (next) => (args) => {
      (args.request as { headers: Record<string, string> }).headers["connection"] = "close";
      return next(args);
    },
    { step: "build", name: "endConnection" },
  );
}

async function put(
  target: ObjectLocation,
  object: RemoteObject,
  from: string,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { sdk, client } = await target.load();
  const md5 = await contentMd5(from, signal);
  const body = take(await openRead(from));
  const command = new sdk.PutObjectCommand({
    ...bucketAndKey(target),
    Body: body,
    ContentLength: object.bytes,
    ContentMD5: md5,
    ContentType: "application/octet-stream",
    Metadata: metadataHeaders(object),
  });
  await sendOrFail(target, signal, () => sendBody(body, signal, (ways) => client.send(command, ways)));
  return object.etag;
}

async function isCopy(
  target: ObjectLocation,
  object: RemoteObject,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const found = await headObject(target, signal);
  if (found.state === "unknown") throw new Failed(found.failure);
  return (
    found.state === "present" &&
    found.object.writeId === object.writeId &&
    found.object.bytes === object.bytes &&
    (object.writeId !== undefined || found.object.etag === object.etag)
  );
}

/** Removes objects one by one: not all servers support the request for many. */
async function remove(targets: readonly ObjectLocation[], signal: AbortSignal | undefined): Promise<void> {
  for (const target of targets) {
    if (parseHistoryName(target.key.slice(folderOf(target.key).length), 0) === undefined)
      throw new Error(`${target.key} is not the name of a copy`);
    const { sdk, client } = await target.load();
    await sendOrFail(target, signal, () =>
      client.send(new sdk.DeleteObjectCommand(bucketAndKey(target)), withTimeout(target, signal)),
    );
  }
}

async function sendOrFail<T>(
  location: ObjectLocation,
  signal: AbortSignal | undefined,
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await send();
  } catch (error) {
    throw new Failed(awsFailure(error, location.context(signal)));
  }
}
