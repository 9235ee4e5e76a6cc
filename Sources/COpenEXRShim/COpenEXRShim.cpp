#include "COpenEXRShim.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <vector>

#include <OpenEXR/ImfChannelList.h>
#include <OpenEXR/ImfFrameBuffer.h>
#include <OpenEXR/ImfHeader.h>
#include <OpenEXR/ImfIO.h>
#include <OpenEXR/ImfInputFile.h>
#include <OpenEXR/ImfMultiPartOutputFile.h>
#include <OpenEXR/ImfOutputPart.h>
#include <OpenEXR/ImfPartType.h>
#include <OpenEXR/ImfStringAttribute.h>

namespace {

class MemoryOutput : public Imf::OStream {
public:
    MemoryOutput() : Imf::OStream("memory") {}

    void write(const char bytes[], int count) override {
        if (position + count > data.size()) data.resize(position + count);
        std::memcpy(data.data() + position, bytes, count);
        position += count;
    }
    uint64_t tellp() override { return position; }
    void seekp(uint64_t place) override { position = place; }

    std::vector<char> data;

private:
    size_t position = 0;
};

class MemoryInput : public Imf::IStream {
public:
    MemoryInput(const void *bytes, size_t size)
        : Imf::IStream("memory"), bytes(static_cast<const char *>(bytes)), size(size) {}

    bool read(char target[], int count) override {
        if (count < 0 || static_cast<size_t>(count) > size - std::min(size, static_cast<size_t>(position))) {
            throw std::runtime_error("the file ends early");
        }
        std::memcpy(target, bytes + position, count);
        position += count;
        return position < size;
    }
    uint64_t tellg() override { return position; }
    void seekg(uint64_t place) override { position = place; }

private:
    const char *bytes;
    size_t size;
    uint64_t position = 0;
};

Imf::PixelType pixel_type(int sample) {
    switch (sample) {
    case tessera_exr_half: return Imf::HALF;
    case tessera_exr_uint: return Imf::UINT;
    default: return Imf::FLOAT;
    }
}

Imf::Compression compression(int code) {
    switch (code) {
    case tessera_exr_zip: return Imf::ZIP_COMPRESSION;
    case tessera_exr_dwaa: return Imf::DWAA_COMPRESSION;
    default: return Imf::NO_COMPRESSION;
    }
}

void write_part(Imf::MultiPartOutputFile &file, int number, const tessera_exr_part &part, int width, int height) {
    // Half values live here; the file takes the others from where they are.
    std::vector<std::vector<half>> converted(part.channel_count);
    Imf::FrameBuffer buffer;
    for (size_t i = 0; i < part.channel_count; ++i) {
        const tessera_exr_channel &channel = part.channels[i];
        if (channel.sample == tessera_exr_half) {
            auto &values = converted[i];
            values.reserve(static_cast<size_t>(width) * height);
            const float *source = static_cast<const float *>(channel.values);
            for (int y = 0; y < height; ++y) {
                for (int x = 0; x < width; ++x) {
                    values.push_back(half(source[y * channel.row_stride + x * channel.pixel_stride]));
                }
            }
            buffer.insert(
                channel.name,
                Imf::Slice(
                    Imf::HALF, reinterpret_cast<char *>(values.data()), sizeof(half), sizeof(half) * width));
        } else {
            buffer.insert(
                channel.name,
                Imf::Slice(
                    pixel_type(channel.sample), static_cast<char *>(const_cast<void *>(channel.values)),
                    4 * channel.pixel_stride, 4 * channel.row_stride));
        }
    }
    Imf::OutputPart output(file, number);
    output.setFrameBuffer(buffer);
    output.writePixels(height);
}

}  // namespace

int tessera_exr_encode(
    int width, int height, const tessera_exr_part *parts, size_t part_count,
    const tessera_exr_attribute *attributes, size_t attribute_count, tessera_exr_memory *result, char *reason,
    size_t reason_size) {
    try {
        std::vector<Imf::Header> headers;
        for (size_t i = 0; i < part_count; ++i) {
            Imf::Header header(width, height);
            header.compression() = compression(parts[i].compression);
            header.setName(parts[i].name);
            header.setType(Imf::SCANLINEIMAGE);
            for (size_t k = 0; k < parts[i].channel_count; ++k) {
                header.channels().insert(parts[i].channels[k].name, Imf::Channel(pixel_type(parts[i].channels[k].sample)));
            }
            for (size_t k = 0; k < attribute_count; ++k) {
                header.insert(attributes[k].name, Imf::StringAttribute(attributes[k].text));
            }
            headers.push_back(header);
        }
        MemoryOutput output;
        {
            Imf::MultiPartOutputFile file(output, headers.data(), static_cast<int>(headers.size()), false, 0);
            for (size_t i = 0; i < part_count; ++i) write_part(file, static_cast<int>(i), parts[i], width, height);
        }
        result->bytes = std::malloc(std::max<size_t>(output.data.size(), 1));
        if (!result->bytes) throw std::bad_alloc();
        std::memcpy(result->bytes, output.data.data(), output.data.size());
        result->size = output.data.size();
        return 1;
    } catch (const std::exception &error) {
        std::snprintf(reason, reason_size, "%s", error.what());
        return 0;
    }
}

void tessera_exr_free(tessera_exr_memory memory) { std::free(memory.bytes); }

int tessera_exr_size(
    const void *bytes, size_t size, int64_t *width, int64_t *height, char *reason, size_t reason_size) {
    try {
        MemoryInput stream(bytes, size);
        Imf::InputFile file(stream, 0);
        const auto window = file.header().dataWindow();
        *width = static_cast<int64_t>(window.max.x) - window.min.x + 1;
        *height = static_cast<int64_t>(window.max.y) - window.min.y + 1;
        return 1;
    } catch (const std::exception &error) {
        std::snprintf(reason, reason_size, "%s", error.what());
        return 0;
    }
}

int tessera_exr_decode(
    const void *bytes, size_t size, int64_t width, int64_t height, float *pixels, char *reason, size_t reason_size) {
    try {
        MemoryInput stream(bytes, size);
        Imf::InputFile file(stream, 0);
        const auto window = file.header().dataWindow();
        if (static_cast<int64_t>(window.max.x) - window.min.x + 1 != width ||
            static_cast<int64_t>(window.max.y) - window.min.y + 1 != height) {
            throw std::runtime_error("its size changed");
        }
        const Imf::ChannelList &channels = file.header().channels();
        const bool is_grey = !channels.findChannel("R") && channels.findChannel("Y");
        if (!is_grey && !(channels.findChannel("R") && channels.findChannel("G") && channels.findChannel("B"))) {
            throw std::runtime_error("it has no channels R, G and B");
        }
        const char *names[3] = {is_grey ? "Y" : "R", "G", "B"};
        for (int k = 0; k < (is_grey ? 1 : 3); ++k) {
            const Imf::Channel *channel = channels.findChannel(names[k]);
            if (channel->xSampling != 1 || channel->ySampling != 1) {
                throw std::runtime_error("its channels are subsampled");
            }
        }
        Imf::FrameBuffer buffer;
        const size_t pixel = 3 * sizeof(float);
        for (int k = 0; k < (is_grey ? 1 : 3); ++k) {
            // Slices are addressed from the origin of the pixel space, which may lie outside of the window.
            char *base = reinterpret_cast<char *>(pixels + k) -
                         (window.min.x + static_cast<int64_t>(window.min.y) * width) * static_cast<int64_t>(pixel);
            buffer.insert(names[k], Imf::Slice(Imf::FLOAT, base, pixel, pixel * width));
        }
        file.setFrameBuffer(buffer);
        file.readPixels(window.min.y, window.max.y);
        if (is_grey) {
            for (int64_t i = 0; i < width * height; ++i) pixels[3 * i + 1] = pixels[3 * i + 2] = pixels[3 * i];
        }
        return 1;
    } catch (const std::exception &error) {
        std::snprintf(reason, reason_size, "%s", error.what());
        return 0;
    }
}
