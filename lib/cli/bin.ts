#!/usr/bin/env node
import { helpText } from "./help.js";

const argv = process.argv.slice(2);
// help is there at once: nothing else is loaded for it
if (argv.length === 1 && ["--help", "-h", "help"].includes(argv[0] ?? "")) process.stdout.write(helpText());
else process.exitCode = await (await import("./main.js")).main(argv);
