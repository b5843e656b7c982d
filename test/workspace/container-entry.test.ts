import type { Header } from "tar-stream";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { Failed } from "../../lib/failure/result.js";
import { checkContainerEntry } from "../../lib/workspace/container-entry.js";

const header = (change: Partial<Header>): Header =>
  ({ name: "./d/", type: "directory", mode: 0o755, size: 0, linkname: null, ...change }) as Header;

test("a folder with content ends the reading, since a parser would wait for it for ever", () => {
  assert.equal(checkContainerEntry(header({})), { is: "folder", path: "d", mode: 0o755 });
  assert.throws(
    () => checkContainerEntry(header({ size: 5 })),
    (error: unknown) => error instanceof Failed,
  );
});

test.run();
