import { createParamDecorator, type ExecutionContext } from '@nestjs/common';

import type { HeartwireContext } from '../server/heartwire.context.js';
import type { IncomingStream as Stream } from '../session/incoming-stream.js';

/** The items that the other end sends: an Observable that is also an AsyncIterable. */
export type IncomingStream<T> = Stream<T>;

const streamOfCall = createParamDecorator(
  (_: unknown, context: ExecutionContext): Stream<unknown> =>
    context.switchToRpc().getContext<HeartwireContext>().stream,
);

/**
 * The stream that the caller sends with its call; the same as `ctx.stream`. It has one consumer.
 *
 * @example
 * @MessagePattern('files.upload')
 * async upload(@Payload() file: UploadDto, @IncomingStream() bytes: IncomingStream<Buffer>) {
 *   await pipeline(bytes, createWriteStream(this.pathOf(file)));
 * }
 */
export const IncomingStream =
  (...pipes: unknown[]): ParameterDecorator =>
  (host, method, index) => {
    streamOfCall(...pipes)(host, method, index);
    // Some compilers take the decorator for the class of its parameter, and pipes would make one of the stream.
    const types: unknown = method && Reflect.getMetadata('design:paramtypes', host, method);
    if (Array.isArray(types) && types[index] === IncomingStream) types[index] = Object;
  };
