[(component) (app) (fleet) (user) (block)] @local.scope

(import alias: (identifier) @local.definition.import)
(component name: (identifier) @local.definition.function)
(slot name: (identifier) @local.definition.var)
(user name: (identifier) @local.definition.var)
(let name: (identifier) @local.definition.var)
(param name: (identifier) @local.definition.parameter)
(parameter name: (identifier) @local.definition.parameter)
(generator key: (identifier) @local.definition.var)
(generator value: (identifier) @local.definition.var)

(identifier) @local.reference
