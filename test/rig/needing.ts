import type { Test } from "uvu";
import { missing } from "../runner/services.js";
import { skip } from "./skip.js";

/**
 * Adds a test with needs, named as in `// needs:`. If one is missing, the test is skipped with the reason, or fails if
 * TAZPOD_TEST_REQUIRE names it.
 */
export async function testWith(
  suite: Test,
  need: string,
  name: string,
  body: () => Promise<void>,
): Promise<void> {
  const reason = await missing(need);
  if (reason === undefined) return suite(name, body);
  const required = (process.env["TAZPOD_TEST_REQUIRE"] ?? "").split(",").map((word) => word.trim());
  if (!required.includes(need)) return skip(suite, name, reason);
  suite(name, () => {
    throw new Error(`needs ${need}, which is required: ${reason}`);
  });
}
