"""Reading a scenario: the model, YAML with located errors, and the JSON Schema."""
