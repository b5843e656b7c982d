// needs: namespace
// time limit: 600 s
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { namespaceEngine } from "../../lib/engine/namespace/engine.js";
import type { NamespaceRecord } from "../../lib/engine/namespace/lifecycle.js";
import { specHash } from "../../lib/engine/spec.js";
import { endProcess } from "../../lib/host/process-identity.js";
import { stateFolder } from "../../lib/host/paths.js";
import { value } from "../rig/result.js";
import { everyEngine, kitOf } from "./every-engine.js";

const engine = namespaceEngine();
const kit = kitOf(engine);

everyEngine(engine, kit, async (name) => {
  const text = await readFile(join(stateFolder(), "namespaces", `${name}.json`), "utf8");
  const { run } = JSON.parse(text) as NamespaceRecord;
  assert.ok(run !== undefined && (await endProcess(run.pid, run.identity)));
});

test("a changed image, user or port does not make the namespace outdated; a changed mount does", async () => {
  const spec = await kit.make();
  const { specHash: made } = await kit.running(spec);
  const hashOf = (change: Partial<typeof spec>): string =>
    specHash(engine.effectiveSpec({ ...spec, ...change }));
  assert.is(hashOf({ image: "another:1", user: "root", ports: ["127.0.0.1:1:1/tcp"] }), made);
  assert.is.not(hashOf({ mounts: [{ source: "/etc", target: "/m", readOnly: true }] }), made);
});

test("a build is ignored like the image, and the notes say so", async () => {
  const spec = await kit.specOf();
  const build = { dockerfile: "Dockerfile", text: "FROM x\n", context: spec.project, args: {} };
  assert.is(
    specHash(engine.effectiveSpec({ ...spec, build, image: "tazpod-build-x:1" })),
    specHash(engine.effectiveSpec(spec)),
  );
  assert.is(engine.build, undefined);
  assert.match(
    engine.sharedWithHost({ ...spec, build }).join(),
    "the image that `build` builds from Dockerfile",
  );
});

test("two simultaneous starts start one namespace", async () => {
  const spec = await kit.specOf();
  const user = value(await engine.lookUp(spec.image, spec.user));
  value(await engine.create(spec, user));
  const started = await Promise.all([1, 2, 3].map(() => engine.start(spec.name)));
  for (const one of started) value(one);
  const first = await kit.running(spec);
  assert.is(await kit.inside(spec, "echo only > ~/secrets/k; cat ~/secrets/k"), "only");
  assert.is((await kit.running(spec)).startedAt, first.startedAt);
});

test.run();
