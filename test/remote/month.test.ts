// time limit: 900 s
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { suite } from "uvu";
import { newFolder } from "../rig/folder.js";
import { month } from "../rig/month-test.js";

const test = suite("a month");

async function folderRemote() {
  return { url: pathToFileURL(join(await newFolder("disk"), "vault.tar.aes")).href, region: "x" };
}

test("a folder that five hosts use: every push is there, replaced by a host that had synced it, or in a listed conflict", async () =>
  month({ settings: await folderRemote(), format: "v1", hosts: 5, days: 30, killed: 12 }));

test("the same with age, for some days", async () =>
  month({ settings: await folderRemote(), format: "age", hosts: 3, days: 4, killed: 0 }));

test.run();
