#include "apiserver/metrics.h"

#include <dirent.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

namespace skerry::apiserver {
namespace {

std::string common(const RequestLabels& l) {
  return "component=\"apiserver\",dry_run=\"" + std::string(l.dry_run ? "All" : "") + "\",group=\"" + l.group + "\",resource=\"" +
         l.resource + "\",scope=\"" + l.scope + "\",subresource=\"" + l.subresource + "\",verb=\"" + l.verb + "\",version=\"" +
         l.version + "\"";
}

void head(std::ostream& out, const char* name, const char* type, const char* help) {
  out << "# HELP " << name << " " << help << "\n# TYPE " << name << " " << type << "\n";
}

}  // namespace

void Metrics::count(const RequestLabels& labels, int code, double seconds) {
  auto data = data_.lock();
  ++data->totals[{labels, code}];
  if (labels.verb == "WATCH" || labels.verb == "CONNECT") return;
  Histogram& h = data->durations[labels];
  for (size_t i = 0; i < kBuckets.size(); ++i)
    if (seconds <= kBuckets[i]) ++h.buckets[i];
  ++h.count;
  h.sum += seconds;
}

std::string Metrics::text() const {
  std::ostringstream out;
  auto data = data_.lock();
  head(out, "apiserver_request_total", "counter", "Requests by verb, resource and HTTP response code.");
  for (const auto& [key, n] : data->totals)
    out << "apiserver_request_total{code=\"" << key.second << "\"," << common(key.first) << "} " << n << "\n";
  head(out, "apiserver_request_duration_seconds", "histogram", "Response latency by verb and resource.");
  for (const auto& [labels, h] : data->durations) {
    const std::string l = common(labels);
    for (size_t i = 0; i < kBuckets.size(); ++i)
      out << "apiserver_request_duration_seconds_bucket{" << l << ",le=\"" << kBuckets[i] << "\"} " << h.buckets[i] << "\n";
    out << "apiserver_request_duration_seconds_bucket{" << l << ",le=\"+Inf\"} " << h.count << "\n"
        << "apiserver_request_duration_seconds_sum{" << l << "} " << h.sum << "\n"
        << "apiserver_request_duration_seconds_count{" << l << "} " << h.count << "\n";
  }
  head(out, "apiserver_current_inflight_requests", "gauge", "Requests being answered.");
  out << "apiserver_current_inflight_requests{request_kind=\"readOnly\"} " << reading << "\n"
      << "apiserver_current_inflight_requests{request_kind=\"mutating\"} " << writing << "\n";
  head(out, "apiserver_longrunning_requests", "gauge", "Watches and streams that are open.");
  out << "apiserver_longrunning_requests{verb=\"WATCH\"} " << watching << "\n"
      << "apiserver_longrunning_requests{verb=\"CONNECT\"} " << streaming << "\n";
  head(out, "apiserver_rejected_requests_total", "counter", "Requests answered with 429.");
  out << "apiserver_rejected_requests_total " << rejected << "\n";
  return out.str();
}

std::string process_metrics() {
  std::ostringstream out;
  std::ifstream stat("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(stat)), {});
  size_t at = text.rfind(')');
  if (at != std::string::npos) {
    std::istringstream fields(text.substr(at + 2));
    std::vector<std::string> f;
    for (std::string s; fields >> s;) f.push_back(s);
    if (f.size() > 21) {
      double ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
      head(out, "process_cpu_seconds_total", "counter", "User and system CPU time spent.");
      out << "process_cpu_seconds_total " << (std::stod(f[11]) + std::stod(f[12])) / ticks << "\n";
      head(out, "process_threads", "gauge", "Threads of the process.");
      out << "process_threads " << f[17] << "\n";
      head(out, "process_virtual_memory_bytes", "gauge", "Virtual memory size.");
      out << "process_virtual_memory_bytes " << f[20] << "\n";
      head(out, "process_resident_memory_bytes", "gauge", "Resident memory size.");
      out << "process_resident_memory_bytes " << std::stoll(f[21]) * sysconf(_SC_PAGESIZE) << "\n";
    }
  }
  if (DIR* dir = opendir("/proc/self/fd")) {
    int n = 0;
    while (readdir(dir)) ++n;
    closedir(dir);
    head(out, "process_open_fds", "gauge", "Open file descriptors.");
    out << "process_open_fds " << n - 3 << "\n";
  }
  return out.str();
}

std::string storage_metrics(const registry::Registry& registry, const api::Catalog& catalog) {
  std::ostringstream out;
  head(out, "apiserver_storage_objects", "gauge", "Stored objects by resource.");
  for (const auto& row : catalog.all())
    if (row->stored && !row->stored_as)
      out << "apiserver_storage_objects{resource=\"" << row->group_resource() << "\"} " << registry.count(row->gvr()) << "\n";
  return out.str();
}

}  // namespace skerry::apiserver
