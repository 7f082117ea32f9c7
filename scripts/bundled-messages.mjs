// The messages of Temporal in the bundles. The SDK has descriptors of all of them, makes objects of them when it is loaded,
// and writes the code that makes, packs and unpacks a message when one is first sent: half of what a command does until its run is
// started, and a third of what a worker does until it polls. So a bundle has only what its code can send or be answered, and
// that code as the library would write it.
import { createRequire } from 'node:module';
import path from 'node:path';

const require = createRequire(import.meta.url);
/** The library of the SDK, and no other version of it. */
const ofSdk = createRequire(require.resolve('@temporalio/proto'));
const converter = ofSdk('protobufjs/src/converter.js');
const decoder = ofSdk('protobufjs/src/decoder.js');
const encoder = ofSdk('protobufjs/src/encoder.js');
const wrappers = ofSdk('protobufjs/src/wrappers.js');
const { Enum, Method, Type } = ofSdk('protobufjs/light');

/** Stands for what depends on the code of the whole bundle. */
const MESSAGES = '__MESSAGES_OF_TEMPORAL__';
const CODECS = '__CODECS_OF_MESSAGES__';

/** The messages between the SDK and its core. */
const CORE = 'coresdk';
/** Those of Temporal Cloud, which nothing here has to do with. */
const CLOUD = 'temporal.api.cloud';

const LOADER = `
    const root = new (require('protobufjs/light').Root)().addJSON(JSON.parse(${MESSAGES}));
    root.codecs = ${CODECS};
    module.exports = root;`;

/** What is otherwise in the bundle than in protobufjs: by file, what is replaced and by what. */
const EDITS = {
  // Fields are made when somebody asks for one: most messages are never sent. Then they come as the library makes them.
  'type.js': [
    [
      'Type.fromJSON = function fromJSON(name, json, depth) {',
      `Type.fromJSON = function fromJSONLater(name, json, depth) {
    const { fields, oneofs, ...rest } = json;
    const type = makeFromJSON(name, { ...rest, fields: {} }, depth);
    const fill = () => {
        for (const key of ['fields', 'oneofs']) Object.defineProperty(type, key, { value: undefined, writable: true, enumerable: true, configurable: true });
        type.fields = {};
        for (const key of Object.keys(fields)) type.add((fields[key].keyType === undefined ? Field : MapField).fromJSON(key, fields[key]));
        for (const key of Object.keys(oneofs ?? {})) type.add(OneOf.fromJSON(key, oneofs[key]));
    };
    for (const key of ['fields', 'oneofs']) {
        Object.defineProperty(type, key, { get() { fill(); return type[key]; }, enumerable: true, configurable: true });
    }
    return type;
};

function makeFromJSON(name, json, depth) {`,
    ],
    // Of the five functions of a type three are used; the others are made when one of them is.
    [
      'Type.prototype.setup = function setup() {',
      `Type.prototype.setup = function setup() {
    const codec = !Object.hasOwn(this, 'encode') && this.root.codecs?.[this.fullName];
    if (codec) {
        const types = this.fieldsArray.map((field) => field.resolve().resolvedType);
        this.encode = codec[0](Writer, types, util);
        this.decode = codec[1](Reader, types, util, this.ctor);
        if (codec[2]) this.fromObject = codec[2](types, util, this.ctor);
        return this;
    }`,
    ],
  ],
  // A service has 123 methods, of which a command calls two or three.
  'service.js': [
    ['(method = this._methodsArray[i]).resolve().name', '(method = this._methodsArray[i]).name'],
    ['(function(method, requestType, responseType) {', '(function(method) {'],
    [
      'return rpc.Service.prototype.rpcCall.call(this, method, requestType, responseType, request, callback);',
      `method.resolve();
                return rpc.Service.prototype.rpcCall.call(this, method, method.resolvedRequestType.ctor, method.resolvedResponseType.ctor, request, callback);`,
    ],
    [', method.resolvedRequestType.ctor, method.resolvedResponseType.ctor);\n    }', ');\n    }'],
  ],
};

/** For rolldown. The messages are those that {@link withMessages} puts in later. */
export function messagesLater() {
  return {
    name: 'messages-later',
    transform: {
      filter: {
        id: /@temporalio[\\/]proto[\\/]protos[\\/]json-module\.js$|[\\/]protobufjs[\\/]src[\\/](type|service)\.js$/,
      },
      handler(code, id) {
        const edits = EDITS[path.basename(id)];
        return { code: edits === undefined ? LOADER : edits.reduce(edited, code) };
      },
    },
  };
}

function edited(code, [from, to]) {
  if (code.split(from).length !== 2) throw new Error(`Internal error: protobufjs has changed: ${from}`);
  return code.replace(from, () => to);
}

/** As a text, for that is read faster than code. */
function inCode({ nested }) {
  return JSON.stringify(JSON.stringify(nested));
}

/**
 * Puts into a bundle the messages that its code needs.
 *
 * @param options `client`: it only talks to the service, not to the core of a worker, and makes no messages of objects
 */
export function withMessages(code, { client }) {
  const root = require('@temporalio/proto/protos/json-module.js');
  root.resolveAll();
  const needed = neededBy(code, root, client ? [CLOUD, CORE] : [CLOUD]);
  const json = root.toJSON();
  keepOnly(json, '', new Set([...needed].map(({ fullName }) => fullName)));
  return code
    .replace(MESSAGES, () => inCode(json))
    .replace(
      CODECS,
      () =>
        `{${[...needed]
          .filter(hasCodec)
          .map((type) => codecOf(type, client))
          .join(',\n')}}`,
    );
}

/**
 * The types of all methods that the code may call and of all messages that it may name, and of their fields. A name counts
 * wherever it is, so there are some too many and none too few.
 */
function neededBy(code, root, unused) {
  const words = new Set(code.match(/\w+/g));
  const needed = new Set();
  visit(root, new Set(unused.map((name) => `.${name}`)), (each) => {
    if (each instanceof Enum && !(each.parent instanceof Type)) needed.add(each);
    else if (each instanceof Type && words.has(each.name)) need(each, needed);
    else if (each instanceof Method && words.has(each.name[0].toLowerCase() + each.name.slice(1))) {
      for (const type of [each.resolvedRequestType, each.resolvedResponseType]) need(type, needed);
      needed.add(each);
    }
  });
  return needed;
}

function need(type, needed) {
  if (needed.has(type)) return;
  needed.add(type);
  if (type.parent instanceof Type) need(type.parent, needed);
  if (!(type instanceof Type)) return;
  for (const nested of type.nestedArray) need(nested, needed);
  for (const { resolvedType } of type.fieldsArray) if (resolvedType !== null) need(resolvedType, needed);
}

function visit(space, unused, see) {
  if (unused.has(space.fullName)) return;
  see(space);
  for (const each of [...(space.nestedArray ?? []), ...(space.methodsArray ?? [])]) visit(each, unused, see);
}

/** Takes out of a namespace's JSON what is not needed. @returns whether something is left */
function keepOnly(json, name, needed) {
  for (const [key, each] of Object.entries(json.nested ?? {})) {
    if (!keepOnly(each, `${name}.${key}`, needed)) delete json.nested[key];
  }
  for (const [key, method] of Object.entries(json.methods ?? {})) {
    if (needed.has(`${name}.${key}`))
      json.methods[key] = { requestType: method.requestType, responseType: method.responseType };
    else delete json.methods[key];
  }
  return json.methods !== undefined || needed.has(name) || Object.keys(json.nested ?? {}).length > 0;
}

/** Fields that extensions add are not in the JSON of a type. */
function hasCodec(type) {
  return type instanceof Type && type.fieldsArray.every(({ declaringField }) => !declaringField);
}

/** `[encode, decode, fromObject]`, as functions of what they use. Of some messages the library makes the last one otherwise. */
function codecOf(type, client) {
  const functions = [
    `(Writer, types, util) => ${flat(encoder(type))}`,
    `(Reader, types, util, C) => ${flat(decoder(type))}`,
  ];
  if (!client && !(type.fullName in wrappers))
    functions.push(`(types, util, C) => ${flat(converter.fromObject(type))}`);
  return `${JSON.stringify(type.fullName)}: [${functions.join(', ')}]`;
}

/** Without the indentation. */
function flat(code) {
  return String(code).replace(/\n\s+/g, '\n');
}
