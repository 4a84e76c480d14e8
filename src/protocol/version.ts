/** Of this implementation, as in package.json (a test holds the two together); the conversation has its own, PROTOCOL_VERSION. */
export const VERSION = "0.1.0";
