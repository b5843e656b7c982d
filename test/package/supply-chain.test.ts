// needs: npm
// time limit: 900 s
import { createHash } from "node:crypto";
import { cp, mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { newFolder } from "../rig/folder.js";
import { run, text } from "../rig/host.js";
import { npm } from "../rig/package.js";
import { repository } from "../rig/root.js";

interface Bom {
  readonly components: readonly {
    readonly group?: string;
    readonly name: string;
    readonly version: string;
  }[];
}

type Locked = Readonly<
  Record<
    string,
    {
      readonly integrity?: string;
      readonly resolved?: string;
      readonly optional?: boolean;
      readonly dev?: boolean;
    }
  >
>;

test("dependencies are pinned: exact versions, and a hash for every package that a build uses", async () => {
  const manifest = JSON.parse(await text(`${repository}package.json`)) as {
    readonly dependencies: Readonly<Record<string, string>>;
  };
  for (const [name, version] of Object.entries(manifest.dependencies))
    assert.match(version, /^\d+\.\d+\.\d+$/, name);
  const lock = JSON.parse(await text(`${repository}package-lock.json`)) as { readonly packages: Locked };
  for (const [path, { integrity, resolved, optional, dev }] of Object.entries(lock.packages)) {
    // tools' binaries for other platforms were added by hand, without a hash
    const isForeign = optional === true && dev === true && integrity === undefined;
    if (path !== "" && !isForeign) assert.match(integrity ?? "", /^sha512-/, path);
    assert.is(resolved, undefined, path);
  }
});

test("the SBOM names every bundled library and the installed one, with its version", async () => {
  const { stdout } = await npm(repository, "run", "--silent", "sbom");
  const { components } = JSON.parse(stdout) as Bom;
  const named = new Set(components.map(({ name, version }) => `${name} ${version}`));
  const notices = await text(`${repository}dist/bin/THIRD-PARTY-NOTICES.txt`);
  const bundled = [...notices.matchAll(/^((?:@[\w.-]+\/)?[\w.-]+ \d+\.\d+\.\d+\S*) \(/gm)].map(
    ([, one]) => one ?? "",
  );
  assert.ok(bundled.length > 20);
  assert.equal(
    bundled.filter((one) => !named.has(one)),
    [],
  );
  assert.ok([...named].some((one) => one.startsWith("zx ")));
});

test("two builds in two folders produce the same bytes", async () => {
  const [one, other] = [await built("a"), await built("a-longer-name/below")];
  assert.ok(one.size > 30);
  assert.equal(one, other);
});

/** Builds a copy of the repository, and returns the hash of each file in dist/bin by its path. */
async function built(name: string): Promise<ReadonlyMap<string, string>> {
  const folder = join(await newFolder("build"), name);
  await mkdir(folder, { recursive: true });
  for (const entry of await readdir(repository)) {
    if (["node_modules", "dist", ".git"].includes(entry)) continue;
    await cp(join(repository, entry), join(folder, entry), {
      recursive: true,
      filter: (path) => !path.endsWith("/lib/generated"),
    });
  }
  const linked = await run("cp", ["-al", `${repository}node_modules`, folder]);
  if (linked.code !== 0)
    await cp(`${repository}node_modules`, join(folder, "node_modules"), { recursive: true });
  await npm(folder, "run", "--silent", "build");
  const bin = join(folder, "dist", "bin");
  const found = new Map<string, string>();
  for (const entry of await readdir(bin, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    found.set(
      path.slice(bin.length),
      createHash("sha256")
        .update(await readFile(path))
        .digest("hex"),
    );
  }
  return new Map([...found].toSorted());
}

test.run();
