import { listen as listenHeartwire } from './heartwire-server.mjs';

export const listen = () => listenHeartwire({ resumeWindowMs: 0 });
