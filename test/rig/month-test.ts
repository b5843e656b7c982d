import * as assert from "uvu/assert";
import { Month, type MonthRequest } from "./month.js";
import { seed } from "./mutate.js";

/**
 * Runs a month and checks that nothing is missing at its end. A failed run reports its seed; TAZPOD_TEST_SEED=N repeats
 * it.
 */
export async function month(request: Omit<MonthRequest, "seed">): Promise<void> {
  const simulated = await Month.begin({ ...request, seed });
  try {
    await simulated.run();
    const vault = await simulated.agree();
    assert.equal(simulated.log.problems(vault), []);
    await simulated.checkHistory();
    const { tally } = simulated;
    process.stdout.write(`${JSON.stringify(tally)}\n`);
    assert.ok(tally.merge + tally.pull > 0 && tally.push >= request.days / 2, JSON.stringify(tally));
  } catch (error) {
    process.stderr.write(`${simulated.diary.join("\n")}\nthe seed was ${seed}\n`);
    throw error;
  }
}
