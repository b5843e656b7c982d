// As in s3-sdk.ts.
export { loadSsoSessionData, parseKnownFiles } from "@smithy/shared-ini-file-loader";
