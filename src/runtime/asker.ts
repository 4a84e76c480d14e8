import type { Channel } from "../protocol/channel.ts";
import type { MessageName } from "../protocol/constants.ts";
import type { Peer } from "./libc.ts";

/** Who asks, over which connection. `follow` tells the conversation what is about to be sent. */
export interface Asker {
  readonly channel: Channel;
  readonly peer: Peer;
  readonly follow: (name: MessageName) => void;
  /** Whether the client wants a denial as programs read it, too. */
  readonly explainsDenials: boolean;
  /** Whether the client wants to know that its call waits for a person. */
  readonly isToldOfApprovals: boolean;
}
