'use strict';
const { DefaultFailureConverter } = require('@temporalio/common');

/**
 * Puts messages and stack traces of failures into a payload, which the codec seals; what stays in the clear is
 * "Encoded failure" and the failure's type. CommonJS, because Temporal's worker loads this file by `require`,
 * from the sources as well as from what was built, and its bundler takes it into the workflows.
 */
exports.failureConverter = new DefaultFailureConverter({ encodeCommonAttributes: true });
