import { test } from "uvu";
import * as assert from "uvu/assert";
import { lookUpUser } from "../../lib/engine/oci/image-user.js";
import { ok } from "../../lib/failure/result.js";
import { failure, value } from "../rig/result.js";

// What podman sometimes reports for an image that has the user; it cannot be provoked.
const noUser = "Error: unable to find user tazpod: no matching entries in passwd file";

type Answer = readonly [code: number, stdout: string, stderr: string];

/** The result if the engine gives these answers, and how often it was asked. */
async function asked(...answers: Answer[]): Promise<[Awaited<ReturnType<typeof lookUpUser>>, number]> {
  let count = 0;
  const result = await lookUpUser(
    async () => {
      const [code, stdout, stderr] = answers[count++] ?? [125, "", "asked too often"];
      return ok({ code, signal: undefined, stdout: Buffer.from(stdout), stderr });
    },
    "image:1",
    "tazpod",
  );
  return [result, count];
}

const found: Answer = [0, "1000\n1000\n/home/tazpod\n", ""];
const listed: Answer = [0, "", ""];

test("the lookup is repeated if the engine misses a user that the image has", async () => {
  for (const answers of [
    [[126, "", noUser], listed, found],
    [[126, "", noUser], listed, [126, "", noUser], listed, found],
  ] as const) {
    const [result, count] = await asked(...answers);
    assert.equal(value(result), { uid: 1000, gid: 1000, home: "/home/tazpod" });
    assert.is(count, answers.length);
  }
});

test("if the engine never finds an existing user, its own error is reported", async () => {
  const again: Answer[] = [[126, "", noUser], listed];
  const [result, count] = await asked(...again, ...again, [126, "", noUser]);
  assert.match(failure(result, "command-failed").detail, noUser);
  assert.is(count, 5);
});

test("the lookup is repeated if the engine loses the output, and the third loss is reported", async () => {
  const lost: Answer = [0, "", ""];
  const [result, count] = await asked(lost, lost, found);
  assert.equal([value(result).uid, count], [1000, 3]);
  assert.is(failure((await asked(lost, lost, lost))[0], "image-unusable").lacks, "id");
});

test("an image without the user is reported after one attempt", async () => {
  const [result, count] = await asked([126, "", noUser], [3, "", ""]);
  assert.is(failure(result, "image-unusable").lacks, "the user tazpod");
  assert.is(count, 2);
});

test("an image without sh and an engine with a missing file are different failures", async () => {
  for (const said of [
    'runc create failed: unable to start container process: exec: "sh": executable file not found in $PATH: unknown',
    "crun: executable file `sh` not found in $PATH: No such file or directory: OCI runtime attempted to invoke a command that was not found",
    "exec /bin/sh: no such file or directory",
  ])
    assert.is(failure((await asked([127, "", said]))[0], "image-unusable").lacks, "sh");
  const own =
    'Error: unable to determine if "/x/userdata/shm" is mounted: lstat /x/userdata/shm: no such file or directory';
  assert.match(failure((await asked([125, "", own]))[0], "command-failed").detail, "userdata");
});

test.run();
