// time limit: 3600 s
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { adoptOpen } from "../../lib/secrets-folder/open-record.js";
import { failureText } from "../../lib/failure/explain.js";
import { projectState } from "../../lib/host/project-state.js";
import { parseJsonc } from "../../lib/project/devcontainer/jsonc-document.js";
import { readDevcontainer } from "../../lib/project/devcontainer/read-devcontainer.js";
import { migrateState } from "../../lib/project/migrate-state.js";
import { sidecarPath, readSidecar } from "../../lib/remote/file/sidecar.js";
import { parseManifest } from "../../lib/vault/archive/manifest.js";
import { readState } from "../../lib/vault/vault-state.js";
import { newFolder } from "../rig/folder.js";
import { ok } from "../../lib/failure/result.js";
import { value } from "../rig/result.js";

// Files that an attacker can write, except configs and recipes (see test/trust/fuzz) and vaults (see test/vault/fuzz).
// TAZPOD_TEST_FUZZ sets the number of texts that each test tries.

const runs = Number(process.env["TAZPOD_TEST_FUZZ"] ?? 500);
const options = { numRuns: runs, interruptAfterTimeLimit: 60_000 + runs * 20, markInterruptAsFailure: false };

const manifest = `{"version":1,"generation":3,"host":"a","time":"2026-01-01T00:00:00Z","digest":"${"0".repeat(64)}","entries":[{"path":"a","type":"file","mode":"600","mtime":1,"size":1,"sha256":"${"0".repeat(64)}"}]}`;
const note = `{"version":1,"writes":[{"etag":"e","host":"a","writeId":"w","generation":1,"sha256":"${"0".repeat(64)}"}]}`;
const mark = `{"version":1,"digest":"d","base":"b","generation":1,"openedAt":"t","parts":{"parts":[{"name":"p","paths":["p"]}],"open":["rest"]}}`;
const devcontainer = `{ // a comment\n "image": "x", "build": { "dockerfile": "D", "context": "..", "args": { "a": "b" } }, "remoteUser": "u",\n "containerEnv": { "A": "\${localEnv:B}" }, "mounts": ["source=\${localWorkspaceFolder}/a,target=/b,type=bind", { "source": "c", "target": "/d", "type": "bind" }], "forwardPorts": [1, "db:5432"], }`;
const state = `{"version":1,"pushed":{"remote":"r","sha256":"${"0".repeat(64)}","etag":"e","at":"t"},"pending":[{}],"sealed":{"sha256":"s","generation":1,"content":"c"}}`;

/** JSON that resembles a sample, with some values replaced by ones of other types and sizes. */
const alike = (sample: string): fc.Arbitrary<string> =>
  fc
    .array(
      fc.tuple(
        fc.nat(2_000),
        fc.nat(30),
        fc.oneof(
          fc.json(),
          fc.constantFrom('"', "{", "[", ",", ":", "\0", "\u001b[2J", "1e999", "__proto__"),
        ),
      ),
      { maxLength: 5 },
    )
    .map((edits) =>
      edits.reduce((now, [at, length, piece]) => {
        const place = at % (now.length + 1);
        return now.slice(0, place) + piece + now.slice(place + length);
      }, sample),
    );
const texts = (sample: string): fc.Arbitrary<string> =>
  fc.oneof(alike(sample), fc.json(), fc.string({ unit: "binary" }));

let folder = "";
test.before(async () => {
  folder = join(await newFolder("fuzz"), ".tazpod", "vault");
  await mkdir(folder, { recursive: true });
  await mkdir(projectState(folder), { recursive: true });
});

test("any content of a folder remote's metadata is handled, and read only as well-formed metadata", async () => {
  const path = join(folder, "remote.tar.aes");
  await fc.assert(
    fc.asyncProperty(texts(note), async (text) => {
      await writeFile(sidecarPath(path), text);
      const { host = "", writeId = "", generation = 0, sha256 = "" } = await readSidecar(path, "e");
      for (const word of [host, writeId, sha256]) assert.type(word, "string");
      assert.ok(Number.isSafeInteger(generation) && generation >= 0);
    }),
    // found in a run of 100,000
    { ...options, examples: [['{"writes":[{"etag":"e","generation":1e9991}]}']] },
  );
});

test("any marker of an older tazpod is handled, and none is accepted without the host's own record", async () => {
  const place = { vaultFolder: folder, startId: "id started" };
  await fc.assert(
    fc.asyncProperty(texts(mark), fc.boolean(), async (text, isNoted) => {
      const record = join(projectState(folder), "open.json");
      if (isNoted) await writeFile(record, '{"version":1,"run":"id started"}');
      else await rm(record, { force: true });
      const adopted = value(await adoptOpen(place, text));
      if (!isNoted) assert.is(adopted, undefined);
    }),
    options,
  );
});

test("any state that an older tazpod left in the project is handled", async () => {
  await fc.assert(
    fc.asyncProperty(
      texts(state),
      fc.constantFrom("state.json", "open.json", "engine", "workspace.json"),
      async (text, name) => {
        await rm(projectState(folder), { recursive: true, force: true });
        await writeFile(join(folder, name), text);
        value(await migrateState(folder, async () => ok(true)));
        value(await readState(folder));
      },
    ),
    options,
  );
});

test("any content of a devcontainer.json is handled, and an error in it has a position", async () => {
  await fc.assert(
    fc.asyncProperty(texts(devcontainer), async (text) => {
      const source = { path: "devcontainer.json", text };
      const parsed = parseJsonc(source);
      if (!parsed.ok) assert.match(failureText(parsed.failure), /devcontainer\.json:\d+:\d+/);
      const read = readDevcontainer(source, ".devcontainer/devcontainer.json", "/project");
      if (!read.ok) assert.ok(failureText(read.failure).length > 0);
    }),
    options,
  );
});

test("any content of a manifest is handled, and one whose digest does not match its entries is rejected", async () => {
  fc.assert(
    fc.property(texts(manifest), (text) => {
      assert.is(parseManifest(Buffer.from(text)), undefined);
    }),
    options,
  );
});

test.run();
