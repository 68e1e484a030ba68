import type { CodegenConfig } from "@graphql-codegen/cli";

const config: CodegenConfig = {
  schema: "../../schema.graphql",
  documents: "src/*.ts",
  importExtension: ".js",
  generates: {
    "src/generated/": {
      preset: "client",
      presetConfig: { fragmentMasking: false },
      config: {
        // Documents are strings: nothing of graphql-js runs in the client.
        documentMode: "string",
        // What a switch over the members of a union needs.
        nonOptionalTypename: true,
        // Unions of strings instead of enums: they vanish when compiled.
        enumsAsTypes: true,
        useTypeImports: true,
        // A scalar without a type here stops the generation instead of becoming `any`.
        strictScalars: true,
        scalars: { Cents: "number", Date: "string", DateTime: "string", JSON: "unknown" },
      },
    },
  },
};

export default config;
