// needs: s3
// time limit: 900 s
import { suite } from "uvu";
import { newBucket } from "../rig/bucket.js";
import { month } from "../rig/month-test.js";

const test = suite("a month");

test("a bucket that five hosts use: every push is there, replaced by a host that had synced it, or in a listed conflict", async () => {
  const { url, region, endpoint = "" } = await newBucket();
  await month({ settings: { url, region, endpoint }, format: "v1", hosts: 5, days: 30, killed: 12 });
});

test.run();
