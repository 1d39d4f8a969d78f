import { type FeedSink, SourceFeed } from './source-feed.js';
import type { StreamSource } from './stream-source.js';

/** Who hears how a source ended whose items nobody takes. */
export type EndSink = Pick<FeedSink, 'ended' | 'failed' | 'stoppedWith'>;

/** Has a source give all it has. An interceptor may have wrapped it: then it is the one item of an Observable. */
export function runToEnd(source: StreamSource, { ended, failed, stoppedWith }: EndSink): SourceFeed {
  const feed = new SourceFeed({
    pushed: () => undefined,
    pulled: () => {
      feed.pull();
    },
    ended,
    failed,
    stoppedWith,
  });
  feed.start(source);
  feed.pull();
  return feed;
}
