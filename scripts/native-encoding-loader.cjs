// In place of the SDK's own encoder and decoder of UTF-8, which are written in JavaScript: for the input of a large run they
// take longer than JSON does. A worker offers those of Node to workflow code, and they say the same.
module.exports = () => `
'use strict';
Object.defineProperty(exports, '__esModule', { value: true });
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
exports.TextEncoder = TextEncoder;
exports.TextDecoder = TextDecoder;
exports.encode = (text) => encoder.encode(text);
exports.decode = (bytes) => decoder.decode(bytes);
`;
