const warningSwitch = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";

/** Runs `make`, which creates an SDK client, without the SDK's warning that a later version needs a newer Node. */
export function withoutSdkWarning<T>(make: () => T): T {
  const before = process.env[warningSwitch];
  process.env[warningSwitch] = "true";
  try {
    return make();
  } finally {
    if (before === undefined) delete process.env[warningSwitch];
    else process.env[warningSwitch] = before;
  }
}

/** Discards the SDK's log; what matters arrives as an error. */
export const silentLogger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
