// needs: namespace
// time limit: 1200 s
import { test } from "uvu";
import { removeHosts } from "../rig/host.js";
import { markSuite } from "./mark.js";
import { neighbourSuite } from "./neighbour.js";

test.after(removeHosts);
markSuite();
neighbourSuite({ whole: false });
test.run();
