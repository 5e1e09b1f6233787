import Console
import Experiments
import Glibc
import Sweep
import Text

/// Carries out a request of `ranksweep measure`: prints one line of JSON to standard output.
func runMeasure(_ text: String, _ options: WorkerOptions) -> ExitCode {
    guard diesWithParent(options.parent, signal: SIGKILL) else { return .interrupted }
    guard let json = try? JSONValue(parsing: text.utf8), let request = MeasureRequest(json) else {
        printError("error: ranksweep-worker: --measure got a request that it cannot read")
        return .internal
    }
    do throws(ExperimentError) {
        let result = try measure(request, data: options.data, memory: availableMemoryBytes())
        if let preparation = result["trained_inputs"]?.string {
            // The text comes from a file.
            printError(
                "note: the training's inputs were \(printable(preparation).prefix(2000)): --inputs must be prepared in the "
                    + "same way")
        }
        printOut(result["table"]?.string ?? result.canonicalText)
        return .done
    } catch {
        // Names come from the file and may be long.
        printError("error: \(printable(error.description).prefix(2000))")
        return .wrongUse
    }
}
