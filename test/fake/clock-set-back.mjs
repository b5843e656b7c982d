// Loaded with --import: the clock is an hour behind as soon as the file TAZPOD_TEST_SET_BACK exists.
import { existsSync } from "node:fs";

const RealDate = Date;
const time = () => RealDate.now() - (existsSync(process.env.TAZPOD_TEST_SET_BACK) ? 3_600_000 : 0);
globalThis.Date = class extends RealDate {
  constructor(...given) {
    super(...(given.length === 0 ? [time()] : given));
  }
  static now() {
    return time();
  }
};
