import { randomUUID } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { createServer, type OutgoingHttpHeaders } from "node:http";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { suite } from "uvu";
import * as assert from "uvu/assert";
import type { Failure } from "../../lib/failure/failure.js";
import { ok } from "../../lib/failure/result.js";
import type { Remote, RemoteSettings } from "../../lib/remote/remote-types.js";
import { s3Remote } from "../../lib/remote/s3/remote.js";
import { testRemote, useTestKeys } from "../rig/bucket.js";
import { newFolder } from "../rig/folder.js";
import { failure } from "../rig/result.js";
import { sha256Of } from "../rig/sha256.js";

const test = suite("answers of what is no S3 server, and of another one");
const limits = { connect: 1000, stall: 2000 };
useTestKeys();

interface Answer {
  readonly status: number;
  readonly headers?: OutgoingHttpHeaders;
  readonly body?: string;
}

/** Starts a server that gives the same answer to every request, except to those for a whole bucket. */
async function answering({ status, headers, body = "" }: Answer, bucketStatus = status) {
  const server = createServer((request, response) => {
    const isBucket = /^\/[^/?]+\/?(?:\?|$)/.test(request.url ?? "");
    request.resume().on("end", () => {
      response.writeHead(isBucket ? bucketStatus : status, headers);
      response.end(request.method === "HEAD" ? undefined : body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return { endpoint, stop: () => (server.closeAllConnections(), server.close()) };
}

function remoteAt(settings: Partial<RemoteSettings>): Remote {
  return s3Remote({ ...testRemote("bucket"), singleWriter: true, ...settings }, { limits });
}

/** Returns the failures of a look, a download, an upload and a list. */
async function failuresOf(remote: Remote): Promise<readonly Failure[]> {
  const from = join(await newFolder(), "vault");
  await writeFile(from, "vault");
  const metadata = { host: "a", writeId: randomUUID(), generation: 1, sha256: await sha256Of(from) };
  const found = await remote.head();
  if (found.state !== "unknown") throw new Error(found.state);
  const results = [
    await remote.download({ write: async () => ok(undefined) }),
    await remote.upload({ from, metadata, condition: "absent" }),
    await remote.history.list(),
  ];
  return [
    found.failure,
    ...results.map((result) => {
      if (!result.ok) return result.failure;
      throw new Error(`succeeded: ${JSON.stringify(result.value)}`);
    }),
  ];
}

/** Checks every failure's reason, followed by its hint. */
async function check(remote: Remote, words: RegExp): Promise<void> {
  for (const failure of await failuresOf(remote)) {
    if (failure.kind !== "remote-unavailable") throw new Error(failure.kind);
    assert.match(`${failure.reason}. ${failure.hint ?? ""}`, words);
  }
}

const page = {
  headers: { "content-type": "text/html; charset=utf-8", etag: '"1"' },
  body: "<html>hello</html>",
};
const moved = (code: string, server: string): Omit<Answer, "status"> => ({
  headers: { "content-type": "application/xml" },
  body: `<Error><Code>${code}</Code><Message>x</Message><Endpoint>${server}</Endpoint></Error>`,
});

const answers: readonly (readonly [name: string, answer: Answer, words: RegExp])[] = [
  ["a web page", { status: 200, ...page }, /not an S3 server, but a web page or a proxy \(200\).*login page/],
  ["a web page's 404", { status: 404, ...page }, /not an S3 server.*\(404\)/],
  [
    "a proxy's 403",
    { status: 403, headers: { "content-type": "text/html", server: "squid" }, body: "ERR" },
    /not an S3 server.*\(403 squid\).*NO_PROXY/,
  ],
  ["a proxy's 407", { status: 407 }, /the proxy does not connect.*wants a login.*HTTPS_PROXY/],
  [
    "a load balancer's 502",
    { status: 502, headers: { "content-type": "text/plain" }, body: "no upstream" },
    /load balancer in front of http\S+ reports an error \(502\)\. Try again later/,
  ],
  [
    "a 307 to another region",
    { status: 307, ...moved("TemporaryRedirect", "bucket.s3.us-west-2.amazonaws.com") },
    /is in us-west-2, not in eu-central-1\. Set remote\.region: us-west-2/,
  ],
  [
    "a 301 to another region",
    { status: 301, ...moved("PermanentRedirect", "bucket.s3-us-gov-west-1.amazonaws.com") },
    /is in us-gov-west-1, not in eu-central-1\. Set remote\.region: us-gov-west-1/,
  ],
  [
    "a 308 to another server",
    { status: 308, headers: { location: "https://s3.example.org/" } },
    /redirects to https:\/\/s3\.example\.org\/ \(308\)\. .*set remote\.endpoint/,
  ],
];

for (const [name, answer, words] of answers)
  test(`${name} has a message of its own, and no vault is taken for absent`, async () => {
    const { endpoint, stop } = await answering(answer);
    await check(remoteAt({ endpoint }), words);
    stop();
  });

test("a download without its length is refused with the reason, before anything is written", async () => {
  const headers = { etag: '"1"', "content-type": "application/octet-stream", "transfer-encoding": "chunked" };
  const { endpoint, stop } = await answering({ status: 200, headers, body: "a vault, or a part of it" });
  const pieces: Buffer[] = [];
  const write = async (piece: Buffer) => ok(void pieces.push(piece));
  const got = failure(await remoteAt({ endpoint }).download({ write }), "remote-unavailable");
  assert.match(got.reason, /does not say how long the vault is \(no Content-Length\)/);
  assert.match(got.hint ?? "", /NO_PROXY/);
  assert.is((await remoteAt({ endpoint }).head()).state, "unknown");
  assert.equal(pieces, []);
  stop();
});

test("a web server without the file, but with its folder, does not make the vault absent", async () => {
  const { endpoint, stop } = await answering({ status: 404, ...page }, 200);
  await check(remoteAt({ endpoint }), /not an S3 server/);
  stop();
});

for (const endpoint of [
  "minio.lan:9000",
  "minio.lan",
  "ftp://minio.lan",
  "http://minio.lan:99999",
  "http://mi nio",
])
  test(`the endpoint ${endpoint} is refused with a message`, async () => {
    await check(remoteAt({ endpoint }), /is not the address of a server\. Write it with its scheme/);
  });

test("a proxy that refuses to connect is not taken for the server", async () => {
  const answer = { status: "403 Forbidden" };
  const proxy = createServer().on("connect", (_, socket: Socket) => {
    socket.end(`HTTP/1.1 ${answer.status}\r\ncontent-length: 0\r\n\r\n`);
  });
  await new Promise<void>((resolve) => proxy.listen(0, "127.0.0.1", resolve));
  process.env["HTTPS_PROXY"] = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const remote = remoteAt({ endpoint: "https://s3.example.org" });
  await check(remote, /the proxy does not connect to https:\/\/s3\.example\.org: 403 Forbidden\..*NO_PROXY/);
  answer.status = "407 Login";
  await check(remote, /does not connect to \S+ 407 Login\. It wants a login: put it into HTTPS_PROXY/);
  answer.status = "404 Not Found";
  await check(remote, /does not connect to \S+ 404 Not Found/);
  delete process.env["HTTPS_PROXY"];
  proxy.closeAllConnections();
  proxy.close();
});

test("a certificate bundle that is missing is the reason, not a crash", async () => {
  process.env["AWS_CA_BUNDLE"] = "/nowhere/ca.pem";
  for (const failure of await failuresOf(remoteAt({}))) assert.is(failure.kind, "file");
  delete process.env["AWS_CA_BUNDLE"];
});

test.run();
