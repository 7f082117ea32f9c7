// A loader of webpack for the modules that the workflows of a worker share. The SDK freezes all that such a module
// exports, down to the last property, against state that would leak from run to run. Schemas cannot live with that:
// zod keeps in them what it has worked out about them, which is the same for every run. The SDK leaves alone what is
// frozen already, and with only the exports frozen, what they hold stays as it is.
module.exports = (source) => `${source}\nObject.freeze(__webpack_exports__);\n`;
