// needs: kubernetes, script
// time limit: 600 s
import { test } from "uvu";
import { requestsSuite } from "./requests.js";

requestsSuite();
test.run();
