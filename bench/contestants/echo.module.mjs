// The handlers of the Nest contestants. Decorators are applied by hand, so that no compiler
// stands between this file and what is measured.

import 'reflect-metadata';
import { Controller, Module } from '@nestjs/common';
import { Ctx, MessagePattern } from '@nestjs/microservices';

class EchoController {
  echo(data) {
    return data;
  }
}

class UploadController {
  /** Takes a stream and says how many bytes it had. */
  async swallow(context) {
    let bytes = 0;
    for await (const piece of context.stream) bytes += piece.length;
    return bytes;
  }
}

const echo = Object.getOwnPropertyDescriptor(EchoController.prototype, 'echo');
MessagePattern('echo')(EchoController.prototype, 'echo', echo);
Controller()(EchoController);

const swallow = Object.getOwnPropertyDescriptor(UploadController.prototype, 'swallow');
MessagePattern('swallow')(UploadController.prototype, 'swallow', swallow);
Ctx()(UploadController.prototype, 'swallow', 0);
Controller()(UploadController);

export class EchoModule {}
Module({ controllers: [EchoController, UploadController] })(EchoModule);
