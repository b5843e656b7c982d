// As in s3-sdk.ts; only needed behind a proxy.
export { HttpProxyAgent } from "http-proxy-agent";
export { HttpsProxyAgent } from "https-proxy-agent";
export { getProxyForUrl } from "proxy-from-env";
