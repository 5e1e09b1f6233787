import Console
import Sweep

let schemaCommand = Command(
    "schema", "prints the JSON Schema of sweep files, for editors",
    details: """
        A YAML editor finds the schema through a line at the top of the sweep file, which 'ranksweep init'
        writes. An installed ranksweep has the schema in share/ranksweep/sweep.schema.json. The schema
        knows every key and its type; 'ranksweep plan' checks more.
        """,
    examples: ["ranksweep schema > sweep.schema.json"],
    run: { (_) throws(CommandFailure) in
        printOut(sweepSchema.canonicalText)
        return .done
    })
