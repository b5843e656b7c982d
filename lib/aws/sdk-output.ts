const warningSwitch = "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED";

/**
 * Makes a client of the SDK. The SDK warns once a process, when its first client is made, that a later SDK needs a newer
 * Node. Only that is off.
 */
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

/** The SDK's own notes go nowhere; what matters comes as an error. */
export const silentLogger = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };
