// Heartwire with resumption off: what sessions that outlive their link cost.

import { connect as connectHeartwire } from './heartwire-client.mjs';

export const connect = (url) => connectHeartwire(url, { resumeWindowMs: 0 });
