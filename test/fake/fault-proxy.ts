import { createHash, createHmac } from "node:crypto";
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { Transform } from "node:stream";
import { s3Server } from "../runner/services.js";

/** What is done to a request. */
export type Fault =
  /** The server handles the request, but the answer is lost. */
  | { readonly kind: "lose-answer" }
  /** The server does not get the request. */
  | { readonly kind: "answer"; readonly status: number; readonly code: string }
  /** Like `answer`, after the whole request was read. */
  | { readonly kind: "answer-late"; readonly status: number; readonly code: string }
  /** The connection ends after this many bytes of the answer's or the request's body. */
  | { readonly kind: "cut-answer"; readonly after: number }
  | { readonly kind: "cut-request"; readonly after: number }
  /** Nothing is transmitted any more: before the answer, or within its headers, its body, or the request's body. */
  | { readonly kind: "stall" | "stall-in-headers" }
  /** Passed on once this has happened. */
  | { readonly kind: "hold"; readonly until: Promise<void> }
  | { readonly kind: "stall-answer"; readonly after: number }
  | { readonly kind: "stall-request"; readonly after: number }
  /** Like a server whose clock differs by this many ms: it rejects requests signed for another time. */
  | { readonly kind: "skew"; readonly ms: number }
  /** Like a bucket with Object Lock, which refuses an upload without a checksum. */
  | { readonly kind: "want-checksum" }
  /** Removes the conditions of a write. */
  | { readonly kind: "ignore-conditions" }
  /** Like a server that checks the condition when a multipart upload is completed, which Ceph 16 does not. */
  | { readonly kind: "check-completion" }
  /** Something else happens before the request reaches the server. */
  | { readonly kind: "meanwhile"; readonly work: () => Promise<unknown>; readonly next: Fault }
  /** Returns the object of another key. */
  | { readonly kind: "stale"; readonly key: string };

interface Rule {
  readonly matches: RegExp;
  readonly fault: Fault;
  times: number;
}

/** A proxy to the tests' S3 server that causes faults on request. */
export class FaultProxy {
  /** `METHOD path` of every request, in order, with the query where it names an action. */
  readonly requests: string[] = [];
  readonly #rules: Rule[] = [];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();

  private constructor() {
    this.#server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing));
    this.#server.on("checkContinue", (incoming, outgoing: ServerResponse) => {
      outgoing.writeContinue();
      this.#pass(incoming, outgoing);
    });
    this.#server.on("connection", (socket: Socket) => {
      this.#sockets.add(socket);
      socket.on("error", () => undefined);
      socket.on("close", () => this.#sockets.delete(socket));
    });
  }

  /** Starts on a free port by default. */
  static async start(port = 0): Promise<FaultProxy> {
    const proxy = new FaultProxy();
    await new Promise<void>((resolve) => proxy.#server.listen(port, "127.0.0.1", resolve));
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Applies a fault to the next `times` requests whose `METHOD path?query` matches. */
  spoil(matches: RegExp, fault: Fault, times = 1): void {
    this.#rules.push({ matches, fault, times });
  }

  heal(): void {
    this.#rules.length = 0;
  }

  async stop(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = "", url = "" } = incoming;
    const line = `${method} ${url}`;
    this.requests.push(line);
    incoming.on("error", () => undefined);
    outgoing.on("error", () => undefined);
    const rule = this.#rules.find(({ matches, times }) => times > 0 && matches.test(line));
    if (rule !== undefined) rule.times--;
    this.#apply(rule?.fault, incoming, outgoing);
  }

  #apply(fault: Fault | undefined, incoming: IncomingMessage, outgoing: ServerResponse): void {
    switch (fault?.kind) {
      case "stall":
        return;
      case "hold":
        void fault.until.then(() => forward(undefined, incoming, outgoing));
        return;
      case "stall-in-headers":
        incoming.resume();
        outgoing.socket?.write("HTTP/1.1 200 OK\r\nx-amz-request-id: ");
        return;
      case "stall-request":
      case "cut-request":
        return readOnly(incoming, fault);
      case "answer":
        return answer(outgoing, fault.status, fault.code);
      case "answer-late":
        incoming.resume().on("end", () => answer(outgoing, fault.status, fault.code));
        return;
      case "meanwhile":
        void fault.work().then(() => this.#apply(fault.next, incoming, outgoing));
        return;
      case "check-completion":
        void checked(incoming, outgoing);
        return;
      case "want-checksum":
        if (Object.keys(incoming.headers).some((name) => /^content-md5$|^x-amz-checksum-/.test(name)))
          return forward(undefined, incoming, outgoing);
        incoming.resume().on("end", () => answer(outgoing, 400, "InvalidRequest"));
        return;
      case "skew":
        return this.#skewed(fault.ms, incoming, outgoing);
      default:
        return forward(fault, incoming, outgoing);
    }
  }

  #skewed(ms: number, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const there = Date.now() + ms;
    const text = String(incoming.headers["x-amz-date"]);
    const said = Date.parse(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, "$1-$2-$3T$4:$5:$6Z"));
    outgoing.setHeader("date", new Date(there).toUTCString());
    if (Math.abs(said - there) > 15 * 60_000) return answer(outgoing, 403, "RequestTimeTooSkewed");
    return forward(undefined, incoming, outgoing, { resign: true });
  }
}

function readOnly(incoming: IncomingMessage, { kind, after }: Fault & { readonly after: number }): void {
  let bytes = 0;
  incoming.on("data", (piece: Buffer) => {
    bytes += piece.length;
    if (bytes < after) return;
    if (kind === "cut-request") incoming.socket.destroy();
    else incoming.pause();
  });
}

function answer(outgoing: ServerResponse, status: number, code: string): void {
  outgoing.writeHead(status, { "content-type": "application/xml" });
  outgoing.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>as told</Message></Error>`);
}

function forward(
  fault: Fault | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { resign = false } = {},
): void {
  const { hostname, port } = new URL(s3Server.endpoint);
  const headers = { ...incoming.headers };
  let path = incoming.url ?? "";
  delete headers.expect;
  if (fault?.kind === "ignore-conditions") {
    delete headers["if-match"];
    delete headers["if-none-match"];
  }
  if (fault?.kind === "stale") path = path.replace(/^(\/[^/]+\/)[^?]+/, `$1${fault.key}`);
  // the signature was for something else
  if (resign || fault?.kind === "ignore-conditions" || fault?.kind === "stale")
    sign(incoming.method ?? "", path, headers);
  // OpenStack Swift sends a body after the headers of a HEAD, which is an error once it has answered
  let isAnswered = false;
  const passed = request(
    { hostname, port, path, method: incoming.method, headers, agent: false },
    (there) => {
      isAnswered = incoming.method === "HEAD";
      if (fault?.kind === "lose-answer") {
        there.resume().on("end", () => outgoing.socket?.destroy());
        return;
      }
      outgoing.writeHead(there.statusCode ?? 502, { ...there.headers, ...outgoing.getHeaders() });
      if (fault?.kind === "cut-answer" || fault?.kind === "stall-answer")
        there.pipe(only(fault, outgoing)).pipe(outgoing);
      else there.pipe(outgoing);
    },
  );
  passed.on("error", () => isAnswered || outgoing.socket?.destroy());
  incoming.on("aborted", () => passed.destroy());
  incoming.pipe(passed);
}

async function checked(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
  const [path = ""] = (incoming.url ?? "").split("?");
  const { host = "", "if-match": match, "if-none-match": none } = incoming.headers;
  const headers: NodeJS.Dict<string | string[]> = { host };
  sign("HEAD", path, headers);
  const etag = await new Promise<string | undefined>((resolve) => {
    const { hostname, port } = new URL(s3Server.endpoint);
    request({ hostname, port, path, method: "HEAD", headers }, (there) => {
      there.resume();
      resolve(there.statusCode === 200 ? there.headers.etag?.replaceAll('"', "") : undefined);
    }).end();
  });
  const fits =
    none === undefined ? match === undefined || match.replaceAll('"', "") === etag : etag === undefined;
  if (fits) return forward({ kind: "ignore-conditions" }, incoming, outgoing);
  incoming.resume().on("end", () => answer(outgoing, 412, "PreconditionFailed"));
}

/** Passes on this many bytes, then nothing, or ends the connection. */
function only({ kind, after }: Fault & { readonly after: number }, outgoing: ServerResponse): Transform {
  let bytes = 0;
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      const room = after - bytes;
      bytes += piece.length;
      if (room > piece.length) return done(null, piece);
      if (kind === "stall-answer") {
        this.push(piece.subarray(0, Math.max(0, room)));
        return;
      }
      outgoing.write(piece.subarray(0, Math.max(0, room)), () => outgoing.socket?.destroy());
    },
  });
}

/** Returns a signature (version 4) of a request with an unsigned body, with the tests' key. */
function sign(method: string, url: string, headers: NodeJS.Dict<string | string[]>): void {
  const [path = "", query = ""] = url.split("?");
  const stamp = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const day = stamp.slice(0, 8);
  headers["x-amz-date"] = stamp;
  headers["x-amz-content-sha256"] = "UNSIGNED-PAYLOAD";
  delete headers["authorization"];
  const names = Object.keys(headers)
    .filter((name) => /^(host|content-md5|if-|x-amz-)/.test(name))
    .toSorted();
  const sorted = query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => (part.includes("=") ? part : `${part}=`))
    .toSorted();
  const canonical = [
    method,
    path,
    sorted.join("&"),
    ...names.map((name) => `${name}:${String(headers[name]).trim()}`),
    "",
    names.join(";"),
    "UNSIGNED-PAYLOAD",
  ].join("\n");
  const scope = `${day}/eu-central-1/s3/aws4_request`;
  const hash = createHash("sha256").update(canonical).digest("hex");
  const text = `AWS4-HMAC-SHA256\n${stamp}\n${scope}\n${hash}`;
  let key: Buffer = Buffer.from(`AWS4${s3Server.secret}`);
  for (const part of scope.split("/")) key = createHmac("sha256", key).update(part).digest();
  const signature = createHmac("sha256", key).update(text).digest("hex");
  headers["authorization"] =
    `AWS4-HMAC-SHA256 Credential=${s3Server.key}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
}
