// needs: docker, script
// time limit: 600 s
import { test } from "uvu";
import { hostileAskingSuite } from "./asking.js";

hostileAskingSuite();
test.run();
