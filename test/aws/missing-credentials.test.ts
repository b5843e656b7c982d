import { mkdir, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { test } from "uvu";
import * as assert from "uvu/assert";
import { explainMissing } from "../../lib/aws/missing-credentials.js";

test.before(async () => {
  await mkdir(join(homedir(), ".aws"), { recursive: true });
  const role = "role_arn = arn:aws:iam::123456789012:role/x\n";
  await writeFile(
    join(homedir(), ".aws", "config"),
    [
      "[profile base]\naws_access_key_id = a\naws_secret_access_key = b\n",
      `[profile fails]\ncredential_process = sh -c "echo 'locked: run op signin' >&2; exit 3"\n`,
      "[profile empty]\ncredential_process = true\n",
      `[profile mfa]\n${role}source_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n`,
      `[profile nosource]\n${role}source_profile = missing\n`,
    ].join("\n"),
  );
});

const why = async (profile: string | undefined, env = {}): Promise<string | undefined> => {
  const named = profile === undefined ? {} : { profile };
  return (await explainMissing({ region: "x", ...named }, env, undefined))?.reason;
};

test("each reason why there are no credentials has its own words", async () => {
  assert.match((await why("nope")) ?? "", /has no profile nope/);
  assert.match((await why(undefined, { AWS_PROFILE: "nope" })) ?? "", /has no profile nope/);
  assert.match((await why("fails")) ?? "", /failed with exit code 3: locked: run op signin/);
  assert.match(
    (await why("empty")) ?? "",
    /credential_process of profile empty printed no valid credentials/,
  );
  assert.match((await why("mfa")) ?? "", /needs a multi-factor code \(mfa_serial\)/);
  assert.match(
    (await why("nosource")) ?? "",
    /from the profile missing \(source_profile\), which does not exist/,
  );
  assert.is(await why(undefined), undefined);
});

test.run();
