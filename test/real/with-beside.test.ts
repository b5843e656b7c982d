// needs: docker, script
// time limit: 600 s
import { test } from "uvu";
import { withBeside } from "./with-beside.js";

withBeside("docker");
test.run();
