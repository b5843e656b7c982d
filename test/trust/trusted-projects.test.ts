import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { readTrustedProjects } from "../../lib/trust/trusted-projects.js";
import { newFolder } from "../rig/folder.js";
import { value } from "../rig/result.js";
import { repository } from "../rig/root.js";

const execute = promisify(execFile);

test("trust that is given and taken back in several processes at the same time is all recorded", async () => {
  process.env["XDG_STATE_HOME"] = await newFolder("state");
  const changing = `import { removeTrusted, writeTrusted } from ${JSON.stringify(`${repository}dist/lib/trust/trusted-projects.js`)};
for (let round = 0; round < 40; round++) {
  await writeTrusted(process.argv[1] + "/" + round, []);
  if (round % 2 === 1) await removeTrusted(process.argv[1] + "/" + round);
}`;
  const roots = ["/one", "/two", "/three"];
  const argv = ["--input-type=module", "-e", changing];
  await Promise.all(roots.map((root) => execute(process.execPath, [...argv, root])));
  const even = Array.from({ length: 20 }, (_, index) => 2 * index);
  const expected = roots.flatMap((root) => even.map((round) => `${root}/${round}`));
  const found = value(await readTrustedProjects()).map(({ root }) => root);
  assert.equal(found.toSorted(), expected.toSorted());
});

test.run();
